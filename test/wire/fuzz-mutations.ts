import { wholeNumbers } from "../kit/random.mjs";

/** Whole numbers from 0 to below a bound, the same ones for the same seed. */
export type Random = (bound: number) => number;

export function randomFrom(seed: number): Random {
  const next = wholeNumbers(seed);
  return (bound) => next() % bound;
}

/** What a number, a name or a value may be in the place of another. */
const TOKENS = [
  ...["null", "true", "0", "1", "-1", "1.5", "1e999", "9007199254740993", "4294967295", '""', "{}", "[]", "[null]", '{"":null}'],
  ...[
    '"__proto__"',
    '"constructor"',
    '"then"',
    '"toJSON"',
    '"length"',
    '"\\u0000"',
    '"\\ud800"',
    '"a\\"b"',
    "\u2028",
    "\ufeff",
    "\n",
    "\r\n",
  ],
  ...['"rpc.cancel"', '"rpc.item"', '"rpc.end"', '"rpc.credit"', '"rpc.invoke"', '"rpc.hello"', '"rpc.ready"', '"kv.use"', '"kv.count"'],
  ...['"id":0,', '"id":null,', '"params":null,', '"result":1,', '"error":{},', '"refs":{"":{"bytes":""}},', '"refs":{"/0":{"stream":1}},'],
  ...['"refs":{"/a":{"function":0}},', '"/__proto__/a"', '{"bytes":[0,1]}', '{"bytes":"AQ=="}', '{"stream":0}', '{"function":0}'],
].map((token) => Buffer.from(token));

type Mutation = (frame: Buffer, at: number, random: Random, frames: readonly Buffer[]) => Buffer;
const MUTATIONS: readonly Mutation[] = [
  (frame) => frame,
  // One bit, one byte.
  (frame, at, random) => spliced(frame, at, 1, Buffer.of((frame[at] ?? 0) ^ (1 << random(8)))),
  (frame, at, random) => spliced(frame, at, 1, Buffer.of(random(256))),
  // Something left out, said twice, or put in.
  (frame, at, random) => spliced(frame, at, 1 + random(16)),
  (frame, at, random) => spliced(frame, at, 0, frame.subarray(at, at + 1 + random(64))),
  (frame, at, random) => spliced(frame, at, 0, token(random)),
  // A value, or a name, in the place of another: most of these are still JSON.
  (frame, _at, random) => replaceMatch(frame, /-?\d+(\.\d+)?/g, random),
  (frame, _at, random) => replaceMatch(frame, /"[^"]*"/g, random),
  (frame, _at, random) => replaceMatch(frame, /"[^"]*"|-?\d+|null|\{\}|\[[^[\]]*\]/g, random),
  // Half of it, and half of another.
  (frame, at) => frame.subarray(0, at),
  (frame, at, random, frames) => Buffer.concat([frame.subarray(0, at), pick(frames, random).subarray(random(64))]),
  // Far too much of something.
  (frame, at, random) =>
    spliced(frame, at, 0, Buffer.alloc(random(6_000), at < frame.length ? frame.subarray(at, at + 1 + random(4)) : "[")),
];

/** A frame, its bytes mutated up to three times. Often it is no message any more. */
export function mutateBytes(frames: readonly Buffer[], random: Random): Buffer {
  let frame = pick(frames, random);
  for (let times = 1 + random(3); times > 0; times--) {
    frame = pick(MUTATIONS, random)(frame, random(frame.length + 1), random, frames);
  }
  return frame;
}

const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    1,
    2,
    3,
    -1,
    0.5,
    2 ** 53,
    "",
    "a",
    "rpc.item",
    "rpc.end",
    "rpc.credit",
    "rpc.cancel",
    "rpc.invoke",
    "kv.use",
    "kv.count",
  ],
  ...[
    {},
    [],
    [null],
    { a: null },
    { stream: 0 },
    { stream: 1 },
    { function: 0 },
    { function: 5 },
    { bytes: "" },
    { bytes: [0, 2] },
    { id: "w" },
  ],
];

/** The JSON of a message, with one of its values, or one of its values' values, replaced, left out or doubled. Often it is a message still. */
export function mutateMessage(text: string, random: Random): string {
  const message: Record<string, unknown> = JSON.parse(text);
  let holder: Record<string, unknown> = message;
  for (;;) {
    const keys = Object.keys(holder).filter((key) => holder !== message || key === "params" || key === "result");
    if (keys.length === 0) return text;
    const key = pick(keys, random);
    const value = holder[key];
    if (typeof value === "object" && value !== null && random(4) > 0) {
      holder = value as Record<string, unknown>;
      continue;
    }
    const how = random(8);
    if (how === 0) delete holder[key];
    else if (how === 1) holder[`${key}${random(3)}`] = value;
    else if (how < 5 && typeof value === "number") holder[key] = value + random(5) - 2;
    else holder[key] = pick(VALUES, random);
    return JSON.stringify(message);
  }
}

function replaceMatch(frame: Buffer, pattern: RegExp, random: Random): Buffer {
  const text = frame.toString("latin1");
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return frame;
  const { index, 0: found } = pick(matches, random);
  return spliced(frame, index, found.length, token(random));
}

function spliced(frame: Buffer, at: number, removed: number, added: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([frame.subarray(0, at), added, frame.subarray(at + removed)]);
}

function token(random: Random): Buffer {
  return pick(TOKENS, random);
}

export function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)] as T;
}
