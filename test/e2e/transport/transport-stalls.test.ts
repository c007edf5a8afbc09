import { expect, test } from "vitest";
import { defineContract, type Implementation, implement, method } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { atRest } from "../../kit/own-time.js";
import { RawHostOver, type RawLines, RawPluginOver } from "../../transport/attackers.js";
import { reset, TRANSPORTS } from "../../transport/ends.js";

gate();
const MIB = 1024 * 1024;
const blobs = defineContract("blobs", { get: method<number, string>(), wait: method<void, void>() });

const codeOf = (error: unknown): unknown => (error as { readonly code?: unknown }).code;

/** Reads a few MiB, as fast as they come, then pauses, and so on. The system tells of progress a MiB or two at a time. */
function readSlowly(lines: RawLines, pauseMs: number): void {
  let left = 4 * MIB;
  lines.socket.on("data", ({ length }: string | Buffer) => {
    left -= length;
    if (left > 0) return;
    left = 4 * MIB;
    lines.socket.pause();
    setTimeout(() => lines.socket.resume(), pauseMs);
  });
}

/** Answers with a MiB; and with nothing, but tells when the connection that asked is gone. */
function blobServer(): { readonly server: Implementation; readonly gone: Promise<void>; readonly ran: number } {
  let [ran, isGone] = [0, () => {}];
  const gone = new Promise<void>((resolve) => {
    isGone = resolve;
  });
  const get = (): string => {
    ran++;
    return "x".repeat(MIB);
  };
  const wait = (_input: void, { signal }: { readonly signal: AbortSignal }): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(isGone()));
    });
  return {
    server: implement(blobs, { get, wait }),
    gone,
    get ran() {
      return ran;
    },
  };
}

for (const transport of TRANSPORTS) {
  test(`[F59] beyond maxUnsentBytes a call rejects BUSY and nothing of it is sent, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport, { limits: { maxUnsentBytes: 4 * MIB, stallTimeoutMs: 60_000 } });
    const { lines, call } = await plugin.ready();
    lines.socket.pause();
    const errors: Promise<unknown>[] = [];
    for (let count = 0; count < 64; count++) errors.push(rejection(call({ count, x: "x".repeat(MIB) })));
    const busy = await Promise.race(errors);
    expect(codeOf(busy)).toBe("BUSY");
    expect((busy as Error).message).toMatch(/^Cannot call "raw.call": plugin "raw-plugin" has not read the last \d{7} bytes$/);
    lines.socket.resume();
    const arrived: number[] = [];
    // Those that were taken come whole, once it reads again; those that were refused never do.
    while (arrived.length < 4) arrived.push((await lines.message()).params.count);
    expect(arrived).toEqual([0, 1, 2, 3]);
    lines.send({ jsonrpc: "2.0", id: 1, method: "rpc.ping" });
    expect((await lines.message()).result).toBe("pong");
    const again = call({ count: 99 });
    const { id, params } = await lines.message();
    expect(params).toEqual({ count: 99 });
    lines.send({ jsonrpc: "2.0", id, result: "fine" });
    expect(await again).toBe("fine");
    lines.destroy();
    const codes = (await Promise.all(errors)).map(codeOf);
    expect(codes).toEqual([...new Array(4).fill("CONNECTION_LOST"), ...new Array(60).fill("BUSY")]);
  });

  test(`[F59] a plugin that reads nothing for stallTimeoutMs is lost, and calls it never got are NOT_SENT, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport, { limits: { stallTimeoutMs: 200 } });
    const { lines, peer, call } = await plugin.ready();
    lines.socket.pause();
    const errors = Array.from({ length: 48 }, () => rejection(call({ x: "x".repeat(MIB) })));
    const codes = (await Promise.all(errors)).map(codeOf);
    const firstUnsent = codes.indexOf("NOT_SENT");
    expect(firstUnsent).toBeGreaterThan(0);
    expect(firstUnsent).toBeLessThan(32);
    expect(new Set(codes.slice(0, firstUnsent))).toEqual(new Set(["CONNECTION_LOST"]));
    expect(new Set(codes.slice(firstUnsent))).toEqual(new Set(["NOT_SENT"]));
    expect((await errors[0])?.message).toContain("the other side has read nothing for 200 ms");
    expect((await peer.closed).kind).toBe("lost");
  });

  test(`[F59] a plugin that reads slowly is not lost, however long one message takes, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport, { limits: { stallTimeoutMs: 1_200 } });
    const { lines, call } = await plugin.ready();
    // Five pauses, and thus longer than the timeout, though the system holds a few MiB.
    const answer = call({ x: "x".repeat(20 * MIB) });
    readSlowly(lines, 500);
    const { id, params } = await lines.message();
    expect(params.x.length).toBe(20 * MIB);
    lines.send({ jsonrpc: "2.0", id, result: "read" });
    expect(await answer).toBe("read");
  });

  test(`[F59] a host that reads no answers gets -32002 beyond maxUnsentBytes, and what ran is bounded, over ${transport}`, async () => {
    const blob = blobServer();
    await using host = await RawHostOver.serve(transport, [blob.server], { maxUnsentBytes: 4 * MIB, stallTimeoutMs: 60_000 });
    const lines = await host.ready();
    lines.socket.pause();
    const asked = 200;
    for (let id = 2; id < asked + 2; id++) lines.send({ jsonrpc: "2.0", id, method: "blobs.get", params: [1] });
    // Another host is served meanwhile.
    const other = await host.ready();
    other.send({ jsonrpc: "2.0", id: 2, method: "blobs.get", params: [1] });
    expect((await other.message()).result.length).toBe(MIB);
    expect(blob.ran).toBeLessThan(60);
    lines.socket.resume();
    const answers = new Map<number, any>();
    while (answers.size < asked) {
      const answer = await lines.message();
      answers.set(answer.id, answer);
    }
    const refused = [...answers.values()].filter(({ error }) => error !== undefined);
    expect(refused.length).toBeGreaterThan(0);
    for (const { error } of refused) {
      expect(error).toEqual({ code: -32002, message: 'Cannot run "blobs.get": earlier answers have not been read' });
    }
  });

  test(`[F59] a host that reads no answers for stallTimeoutMs is closed, and no other is, over ${transport}`, async () => {
    const { server, gone } = blobServer();
    await using host = await RawHostOver.serve(transport, [server], { stallTimeoutMs: 200 });
    const other = await host.ready();
    const lines = await host.ready();
    lines.socket.pause();
    lines.send({ jsonrpc: "2.0", id: 99, method: "blobs.wait" });
    for (let id = 2; id < 40; id++) lines.send({ jsonrpc: "2.0", id, method: "blobs.get", params: [1] });
    other.send({ jsonrpc: "2.0", id: 2, method: "rpc.ping" });
    expect(await other.message()).toMatchObject({ result: "pong" });
    // Its end cannot be seen without reading; the plugin knows it.
    await gone;
    lines.socket.resume();
    expect((await lines.rest()).length).toBeLessThan(38);
    other.send({ jsonrpc: "2.0", id: 3, method: "blobs.get", params: [1] });
    expect((await other.message()).result.length).toBe(MIB);
  });

  test(`a notification resolves when it was handed to the system, and rejects if that never happens, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport);
    const { lines, peer } = await plugin.ready();
    await peer.notify("raw.note", { x: 1 });
    expect(await lines.message()).toEqual({ jsonrpc: "2.0", method: "raw.note", params: { x: 1 } });
    lines.socket.pause();
    let handed = 0;
    const notes = Array.from({ length: 32 }, () => peer.notify("raw.note", { x: "x".repeat(MIB) }).then(() => handed++));
    const settled = Promise.allSettled(notes);
    // Once the system takes no more there is nothing to wait for.
    const handedBefore = await atRest(() => handed);
    expect(handedBefore).toBeLessThan(32);
    lines.destroy();
    const codes = (await settled).flatMap((result) => (result.status === "rejected" ? [codeOf(result.reason)] : []));
    expect(codes).toHaveLength(32 - handedBefore);
    expect(codes.at(-1)).toBe("NOT_SENT");
    expect(codes.filter((code) => code !== "NOT_SENT" && code !== "CONNECTION_LOST")).toEqual([]);
  });
}

test("[F62] a connection that is reset in mid-line rejects what waits, and the partial answer is not read", async () => {
  await using plugin = new RawPluginOver("tcp");
  const { lines, peer, call } = await plugin.ready();
  const answered = call(1);
  const lost = rejection(call(2));
  const [first, second] = [await lines.message(), await lines.message()];
  lines.socket.write(`{"jsonrpc":"2.0","id":${first.id},"result":1}\n{"jsonrpc":"2.0","id":${second.id},"result":2}`);
  expect(await answered).toBe(1);
  reset(lines.socket);
  const error = await lost;
  expect(error["code"]).toBe("CONNECTION_LOST");
  expect(error.message).toContain("the connection broke (ECONNRESET)");
  expect(await peer.closed).toMatchObject({ kind: "lost", error: { code: "CONNECTION_LOST" } });
});
