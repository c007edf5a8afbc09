import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeError, encodeNotification, encodeRequest, encodeResult } from "../../src/wire/encode.js";
import { hear, hearPlainly } from "./recording-sink.js";

const json = fc.jsonValue({ maxDepth: 4, noUnicodeString: false });
const structured = fc.oneof(fc.dictionary(fc.string(), json), fc.array(json));
const id = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.string({ maxLength: 64 }));
const method = fc.oneof(
  fc.constantFrom("greeter.greet", "rpc.ping", "constructor", "__proto__"),
  fc.string({ unit: "binary", maxLength: 140 }),
);

const message = fc.oneof(
  fc.record(
    { jsonrpc: fc.constant("2.0"), id, method, params: structured, meta: fc.dictionary(fc.string(), json) },
    { requiredKeys: ["jsonrpc", "id", "method"] },
  ),
  fc.record({ jsonrpc: fc.constant("2.0"), method, params: structured }, { requiredKeys: ["jsonrpc", "method"] }),
  fc.record({ jsonrpc: fc.constant("2.0"), id, result: json }),
  fc.record({ jsonrpc: fc.constant("2.0"), id: fc.oneof(id, fc.constant(null)), error: json }),
  // Almost a message.
  fc.record(
    {
      jsonrpc: fc.constantFrom("2.0", "1.0", 2, null),
      id: fc.oneof(id, json, fc.double()),
      method: fc.oneof(method, json),
      params: json,
      result: json,
      error: json,
    },
    { requiredKeys: [] },
  ),
);

test("decodeLines() tells of a message in our own spelling what parsing it whole tells", () => {
  fc.assert(
    fc.property(message, (value) => {
      const line = JSON.stringify(value);
      expect(hear(line)).toEqual([hearPlainly(line)]);
    }),
    { numRuns: 3_000 },
  );
});

test("decodeLines() tells the same whatever the order of members, the spacing and the escapes", () => {
  fc.assert(
    fc.property(message, fc.infiniteStream(fc.nat()), fc.constantFrom("", " ", "\t", "\r"), (value, random, space) => {
      const numbers = random[Symbol.iterator]();
      const members = Object.entries(value)
        .map(([key, member]) => ({ at: numbers.next().value as number, text: `${spell(key)}${space}:${JSON.stringify(member)}` }))
        .sort((a, b) => a.at - b.at);
      const line = `${space}{${members.map(({ text }) => text).join(`,${space}`)}${space}}${space}`;
      expect(hear(line)).toEqual([hearPlainly(line)]);
    }),
    { numRuns: 2_000 },
  );
  function spell(key: string): string {
    return key === "id" ? '"\\u0069d"' : JSON.stringify(key);
  }
});

test("decodeLines() tells of a line that was damaged anywhere what parsing it whole tells", () => {
  const damage = fc.tuple(
    fc.nat(),
    fc.constantFrom("", '"', "}", "{", ",", ":", "]", "0", "\\", "x", " ", '"id":2', ',"id":2', "e9", "-", "."),
  );
  fc.assert(
    fc.property(message, damage, fc.nat(3), (value, [place, inserted], removed) => {
      const whole = JSON.stringify(value);
      const at = place % (whole.length + 1);
      const line = whole.slice(0, at) + inserted + whole.slice(at + removed);
      expect(hear(line)).toEqual([hearPlainly(line)]);
    }),
    { numRuns: 5_000 },
  );
});

test("decodeLines() reads what this side writes", () => {
  fc.assert(
    fc.property(fc.nat(), fc.stringMatching(/^[A-Za-z0-9_.:/$-]{1,128}$/), json, (number, name, input) => {
      const params = typeof input === "object" && input !== null && !Array.isArray(input) ? input : [input];
      const plain = JSON.parse(JSON.stringify({ params, input })) as { params: unknown; input: unknown };
      expect(hear(encodeRequest(number, name, input))).toEqual([["request", number, name, plain.params, undefined]]);
      expect(hear(encodeNotification(name, input))).toEqual([["notification", name, plain.params]]);
      expect(hear(encodeResult(number, input))).toEqual([["result", number, plain.input]]);
      expect(hear(encodeError(number, { code: -1, message: name }))).toEqual([["failure", number, { code: -1, message: name }]]);
    }),
    { numRuns: 1_000 },
  );
});

test("[F49] ids are read to the letter, in our own spelling and in any other", () => {
  for (const spelled of [
    "0",
    "7",
    "007",
    "00",
    "-1",
    "-0",
    "1.0",
    "1.5",
    "1e2",
    "1e400",
    "123456789012345",
    "9007199254740991",
    "9007199254740993",
    '"1"',
    "01",
    "+1",
    "",
  ]) {
    for (const rest of ['"result":null', '"method":"a.b"', '"method":"a.b","params":[1]', '"error":{}']) {
      const line = `{"jsonrpc":"2.0","id":${spelled},${rest}}`;
      expect(hear(line), line).toEqual([hearPlainly(line)]);
    }
  }
});

test("[F146] lines that parse only when joined are refused, and what came before them is delivered", () => {
  const before = '{"jsonrpc":"2.0","id":0,"result":1}';
  for (const joined of [
    ['{"jsonrpc":"2.0","id":1,"result":{"s":"', '"}}'],
    ['{"jsonrpc":"2.0","id":1,"result":[1', ",2]}"],
    ['{"jsonrpc":"2.0","method":"a.b","params":[', "]}"],
    ['{"jsonrpc":"2.0","id":1,', '"result":1}'],
    ["[", before, "]"],
  ]) {
    const heard = hear([before, ...joined, before].join("\n"));
    expect(heard).toEqual([
      ["result", 0, 1],
      ["violation", -32700, "it is not JSON"],
    ]);
  }
});

test("[F146] each line is judged by itself, wherever a message is broken in two", () => {
  fc.assert(
    fc.property(message, fc.nat(), (value, place) => {
      const whole = JSON.stringify(value);
      const at = 1 + (place % (whole.length - 1));
      const parts = [whole.slice(0, at), whole.slice(at)] as const;
      expect(hear(parts.join("\n"))[0]).toEqual(hearPlainly(parts[0]));
      expect(hear(parts.join("\n")).length).toBe(1);
    }),
    { numRuns: 1_000 },
  );
});

test("[F45] a truncated line, two objects on one, an empty one and a byte order mark are no messages", () => {
  const whole = '{"jsonrpc":"2.0","id":0,"result":1}';
  for (const line of [
    "",
    " ",
    whole.slice(0, -1),
    `${whole}${whole}`,
    `${whole},${whole}`,
    `${whole} ${whole}`,
    `\uFEFF${whole}`,
    `${whole}x`,
  ]) {
    expect(hear(line), line).toEqual([["violation", -32700, "it is not JSON"]]);
  }
});

test("decodeLines() hands over all lines of one text in order, and none after a sink has closed", () => {
  const lines = [0, 1, 2].map((number) => `{"jsonrpc":"2.0","id":${number},"result":null}`);
  expect(hear(lines.join("\n")).map(([, number]) => number)).toEqual([0, 1, 2]);
  const heard = hear([lines[0], "{}", lines[1]].join("\n"));
  expect(heard.map(([kind]) => kind)).toEqual(["result", "violation"]);
});

test("[F52] __proto__ and constructor in params are a message's own data and reach no prototype", () => {
  for (const params of ['{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}']) {
    for (const line of [`{"jsonrpc":"2.0","method":"a.b","params":${params}}`, `{ "jsonrpc":"2.0","method":"a.b","params":${params}}`]) {
      const [heard] = hear(line);
      const value = heard?.[2] as object;
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value)).toHaveLength(1);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  }
});
