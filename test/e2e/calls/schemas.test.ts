import * as v from "valibot";
import { expect, test } from "vitest";
import * as z from "zod";
import { defineContract, implement, method, stream } from "../../../src/index.js";
import { rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const ofZod = z.string().regex(/^\d+$/, "not digits").transform(Number);
const ofValibot = v.pipe(v.string(), v.regex(/^\d+$/, "not digits"), v.transform(Number));

for (const [vendor, digits] of [
  ["zod", ofZod],
  ["valibot", ofValibot],
] as const) {
  const kv = defineContract("kv", {
    get: method({ input: digits, output: digits }),
    count: stream({ input: digits, output: digits }),
    offered: method<void, string[]>(),
  });

  test(`a plugin with zod and a host with ${vendor} each transform what they receive, once`, async () => {
    await using client = await startFixture("validates");
    const { get, count, offered } = await client.dispense(kv);
    expect(await get("41")).toBe(41);
    const items: number[] = [];
    for await (const item of count("3")) items.push(item);
    expect([items, await offered()]).toEqual([[0, 1, 2], ["number 41"]]);
  });

  test(`what does not fit is found by the side that checks it first, with ${vendor} on the host's`, async () => {
    for (const validate of [true, false]) {
      await using client = await startFixture("validates", { validate, args: ["lies"] });
      const { get } = await client.dispense(kv);
      const error = await rejection(get("x"));
      expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_INPUT", issues: [{ message: "not digits" }] });
      const side = validate ? "caller" : "provider";
      expect(error.message).toBe(`Cannot call "kv.get": the input does not fit its schema, as the ${side} found\n  not digits`);
      expect((await rejection(get("1"))).message).toMatch(/^Cannot call "kv\.get": the output does not fit its schema, as the provider/);
    }
  });

  test(`a plugin served with validate: false checks nothing, and the host's ${vendor} finds what does not fit`, async () => {
    await using client = await startFixture("validates", { args: ["unchecked", "lies"] });
    const { get, offered } = await client.dispense(kv);
    const error = await rejection(get("1"));
    expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_OUTPUT", issues: [{ message: "not digits" }] });
    expect(error.message).toBe('Cannot call "kv.get": the output does not fit its schema, as the caller found\n  not digits');
    expect(await offered()).toEqual(["string 1"]);
  });
}

test("a connection shows the JSON Schemas of what its plugin takes and gives", async () => {
  await using client = await startFixture("validates");
  const text = { $schema: "https://json-schema.org/draft/2020-12/schema", type: "string", pattern: "^\\d+$" };
  const { provided } = await client.client();
  expect(provided).toEqual([
    {
      name: "kv",
      members: {
        get: { kind: "method", input: text, output: text },
        count: { kind: "stream", input: text, output: text },
        offered: { kind: "method" },
      },
    },
  ]);
});

test("a plugin whose schemas are longer than a hello says what it provides without them, and starts", async () => {
  await using client = await startFixture("validates", { args: ["wordy"] });
  const { provided } = await client.client();
  expect(provided[0]?.members).toEqual({ get: { kind: "method" }, count: { kind: "stream" }, offered: { kind: "method" } });
});

test("a host whose schemas do not fit beside its config says what it provides without them, and the plugin starts", async () => {
  const described = z.string().meta({ description: "x".repeat(40 * 1024) });
  const log = defineContract("log", { write: method({ input: described }) });
  await using client = await startFixture("validates", {
    provides: [implement(log, { write: () => {} })],
    config: "x".repeat(30 * 1024),
  });
  expect(client.state).toBe("ready");
});
