import { describe, expect, test } from "vitest";
import { defineContract, implement, method, type RemoteError, stream } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";
import { scripted } from "../../kit/script-channel.js";

const kv = defineContract("kv", { get: method<unknown, unknown>(), each: stream<unknown, unknown>() });
const limitBytes = 64 * 1024;
const nested = (levels: number): unknown => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
const textOf = (bytes: number): string => "z".repeat(bytes - 2);

/** What the caller gets for what a handler, or a stream's source, throws. */
async function thrown(how: "call" | "stream", value: unknown, limits = {}): Promise<RemoteError> {
  const get = (): never => {
    throw value;
  };
  const each = async function* (): AsyncGenerator<unknown> {
    yield* [get()];
  };
  const { host } = peerPair({ provides: [implement(kv, { get, each })], hostLimits: limits, pluginLimits: limits });
  const remote = host.dispense(kv);
  const error = await rejection(how === "call" ? remote.get(1) : remote.each(1)[Symbol.asyncIterator]().next());
  expect(host.peer.open).toBe(true);
  await host.close();
  return error as never;
}
const funds = (data: unknown, cause?: unknown): Error =>
  Object.assign(new Error("no funds", { cause }), { name: "FundsError", code: "NO_FUNDS", data });
const KEPT = { message: "no funds", remoteName: "FundsError", remoteCode: "NO_FUNDS" };

describe.each(["call", "stream"] as const)("[F70] what a %s fails with", (how) => {
  test.each([60_000, 65_480, 65_530, limitBytes])("keeps all where its data has %i bytes of JSON", async (bytes) => {
    const data = textOf(bytes);
    expect(await thrown(how, funds(data, funds(data)))).toMatchObject({ ...KEPT, data, cause: { ...KEPT, data } });
  });

  test("loses its data alone where that is longer, and so does each cause", async () => {
    const error = await thrown(how, funds(textOf(limitBytes + 1), funds(textOf(limitBytes), funds("€".repeat(30_000)))));
    expect(error).toMatchObject({ ...KEPT, data: undefined });
    expect(error.cause).toMatchObject({ ...KEPT, data: textOf(limitBytes) });
    expect((error.cause as Error).cause).toMatchObject({ ...KEPT, data: undefined });
  });

  test.each([50, 61, 62, 70, 5_000])("loses no more than data that is nested %i levels", async (levels) => {
    const cause = funds({ row: 5 });
    const error = await thrown(how, funds(nested(levels), cause));
    expect(error).toMatchObject({ ...KEPT, cause: { ...KEPT, data: { row: 5 } } });
    // Three levels of the message stand around it, and four around that of a stream's end.
    expect(error.data).toEqual(levels <= (how === "call" ? 61 : 60) ? nested(levels) : undefined);
  });

  test("loses the data of the cause alone that is nested too deep", async () => {
    const error = await thrown(how, funds({ row: 5 }, funds(nested(61))));
    expect(error).toMatchObject({ ...KEPT, data: { row: 5 }, cause: { ...KEPT, data: undefined } });
  });

  test("loses its data first, then its causes, then name and code, where the message is too long", async () => {
    const cause = Object.assign(new Error("c".repeat(1_200)), { data: "d".repeat(2_000) });
    const tried = funds("d".repeat(2_000), cause);
    const [most, more, less] = await Promise.all([8_192, 2_048, 1_024].map((bytes) => thrown(how, tried, { maxMessageBytes: bytes })));
    expect(most).toMatchObject({ ...KEPT, data: "d".repeat(2_000), cause: { data: "d".repeat(2_000) } });
    expect(more).toMatchObject({ ...KEPT, data: undefined, cause: { message: "c".repeat(1_200), data: undefined } });
    expect(less).toMatchObject({ ...KEPT, data: undefined });
    expect(less?.cause).toBe(undefined);
    const message = "m".repeat(900);
    const least = await thrown(how, Object.assign(new Error(message), { name: "N".repeat(100), code: "C" }), { maxMessageBytes: 1_024 });
    expect(least).toMatchObject({ message, remoteName: "Error", remoteCode: undefined });
  });
});

/** What a caller gets for an error answer of another language. */
async function answered(error: object): Promise<any> {
  const { connection, channel } = scripted();
  const call = rejection(connection.call("kv.get"));
  channel.fail(0, error);
  return call;
}

test("[F70] an answer whose data is longer than 64 KiB keeps its name, code and causes, and whose own data is not", async () => {
  const own = { name: "FundsError", code: "NO_FUNDS", data: textOf(limitBytes) };
  const cause = { ...own, message: "c", data: textOf(limitBytes + 1) };
  const error = await answered({ code: -32000, message: "no funds", data: { ...own, cause } });
  expect(error).toMatchObject({ ...KEPT, data: textOf(limitBytes), cause: { message: "c", remoteCode: "NO_FUNDS", data: undefined } });
});

test("[F70] 64 KiB are counted as bytes of UTF-8", async () => {
  const answer = (data: string): Promise<any> => answered({ code: -32000, message: "m", data: { name: "E", data } });
  expect((await answer("€".repeat(21_844))).data).toBe("€".repeat(21_844));
  expect((await answer("€".repeat(21_845))).data).toBe(undefined);
});

test("[F70] names, codes and issues of another language are cut to what ours would be at the most", async () => {
  const long = "x".repeat(100_000);
  const error = await answered({ code: -32000, message: "m", data: { name: long, code: long } });
  expect([error.remoteName.length, error.remoteCode.length < 5_000]).toEqual([error.remoteCode.length, true]);
  const issues = Array(5_000)
    .fill({ message: "m" })
    .fill({ message: long, path: Array(100).fill("y".repeat(5_000)) }, 0, 1);
  const refused = await answered({ code: -32602, message: "m", data: { issues } });
  expect(refused).toMatchObject({ code: "INVALID_INPUT", issues: { length: 100 } });
  const [{ message, path }] = refused.issues;
  expect([message.length < 5_000, path.length, path[63].length < 5_000]).toEqual([true, 64, true]);
});
