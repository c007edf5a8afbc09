import * as v from "valibot";
import { expect, test } from "vitest";
import * as z from "zod";
import { defineContract, implement, type Schema, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";

const NOT_DIGITS = "not digits";
const late: Schema<string, number> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: async (value) => (/^\d+$/.test(value as string) ? { value: Number(value) } : { issues: [{ message: NOT_DIGITS }] }),
  },
};
const SCHEMAS: readonly (readonly [vendor: string, schema: Schema<string, number>])[] = [
  ["zod", z.string().regex(/^\d+$/, NOT_DIGITS).transform(Number)],
  ["valibot", v.pipe(v.string(), v.regex(/^\d+$/, NOT_DIGITS), v.transform(Number))],
  ["asynchronous", late],
];

async function read(source: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of source) items.push(item);
  return items;
}

for (const [vendor, schema] of SCHEMAS) {
  const kv = defineContract("kv", { count: stream({ input: schema, output: schema }) });
  /** A stream that yields what it is to, and what its input was. */
  function pair(items: readonly string[], options: { readonly hostValidates?: boolean; readonly pluginValidates?: boolean } = {}) {
    const seen: unknown[] = [];
    let closed = 0;
    async function* count(input: number) {
      try {
        seen.push(input);
        yield* items;
      } finally {
        closed++;
      }
    }
    const { host, logger } = peerPair({ provides: [implement(kv, { count })], ...options });
    return { host, logger, seen, closed: () => closed, count: host.dispense(kv).count };
  }

  test(`each item of a stream, and its input, is transformed once by a ${vendor} schema, where it is received`, async () => {
    const { host, seen, count } = pair(["1", "22"]);
    expect(await read(count("7"))).toEqual([1, 22]);
    expect(seen).toEqual([7]);
    await host.close();
  });

  test(`a caller that does not check gets the items as they were yielded, past a ${vendor} schema`, async () => {
    const { host, seen, count } = pair(["1", "22"], { hostValidates: false });
    expect(await read(count("7"))).toEqual(["1", "22"]);
    expect(seen).toEqual([7]);
    await host.close();
  });

  test(`the provider finds an item that does not fit a ${vendor} schema: those before it arrive, and the source is closed`, async () => {
    const { host, count, closed } = pair(["1", "x", "3"]);
    const items = count("7")[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: 1 });
    const error = await rejection(items.next());
    expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_OUTPUT", issues: [{ message: NOT_DIGITS }] });
    expect(error.message).toBe(`Cannot call "kv.count": the output does not fit its schema, as the provider found\n  ${NOT_DIGITS}`);
    expect([await items.next(), closed()]).toEqual([{ done: true, value: undefined }, 1]);
    await host.close();
  });

  test(`the caller finds an item that does not fit a ${vendor} schema, and ends the stream`, async () => {
    const { host, count, closed } = pair(["1", "x", "3"], { pluginValidates: false });
    const items = count("7")[Symbol.asyncIterator]();
    expect(await items.next()).toEqual({ done: false, value: 1 });
    const error = await rejection(items.next());
    expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_OUTPUT", issues: [{ message: NOT_DIGITS }] });
    expect(error.message).toBe(`Cannot call "kv.count": the output does not fit its schema, as the caller found\n  ${NOT_DIGITS}`);
    await host.ping();
    expect([await items.next(), closed(), host.peer.openStreams]).toEqual([{ done: true, value: undefined }, 1, 0]);
    await host.close();
  });

  test(`an input that does not fit a ${vendor} schema opens no stream, whoever finds it`, async () => {
    for (const hostValidates of [true, false]) {
      const { host, seen, count } = pair(["1"], { hostValidates });
      const error = await rejection(read(count("x")));
      const side = hostValidates ? "caller" : "provider";
      expect(error).toMatchObject({ name: "ValidationError", code: "INVALID_INPUT", issues: [{ message: NOT_DIGITS }] });
      expect(error.message).toBe(`Cannot call "kv.count": the input does not fit its schema, as the ${side} found\n  ${NOT_DIGITS}`);
      expect([seen, host.peer.openStreams]).toEqual([[], 0]);
      await host.close();
    }
  });

  test(`with validate: false on both sides a ${vendor} schema of a stream is not looked at`, async () => {
    const { host, seen, count } = pair(["x"], { hostValidates: false, pluginValidates: false });
    expect(await read(count("y"))).toEqual(["x"]);
    expect(seen).toEqual(["y"]);
    await host.close();
  });
}
