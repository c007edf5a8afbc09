import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { RawWriter } from "../../src/output/raw-writer.js";
import { gate } from "../kit/gate.js";

gate();
const MIB = 1024 * 1024;

function writerFor(to: Writable): { writer: RawWriter; told: string[] } {
  const told: string[] = [];
  return { writer: new RawWriter(to, (what) => told.push(what)), told };
}

/** A writer that takes a chunk only when it is let. */
function slow(): { to: Writable; taken: () => number; takeAll(): Promise<void> } {
  let bytes = 0;
  let done: (() => void) | undefined;
  const to = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      done = callback;
    },
  });
  return {
    to,
    taken: () => bytes,
    async takeAll() {
      while (done !== undefined) {
        const next = done;
        done = undefined;
        next();
        await new Promise(setImmediate);
      }
    },
  };
}

test("[O17, O18] a writer that takes nothing is given 16 MiB at most, and that is said once; it gets what comes once it takes again", async () => {
  const { to, taken, takeAll } = slow();
  const { writer, told } = writerFor(to);
  for (let mib = 0; mib < 100; mib++) writer.write(Buffer.alloc(MIB));
  expect(to.writableLength).toBe(16 * MIB);
  expect(told).toEqual(["it has not taken the last 16777216 bytes"]);
  await takeAll();
  expect(taken()).toBe(16 * MIB);
  writer.write(Buffer.from("after"));
  await takeAll();
  expect([taken(), told.length]).toEqual([16 * MIB + 5, 1]);
});

test("[O17, O18] a writer that throws, fails, was destroyed or has ended harms nobody, and is told of once", async () => {
  const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
  const throwing = Object.assign(new PassThrough(), {
    write() {
      throw new Error("no");
    },
  });
  const ended = new PassThrough().end();
  const destroyed = new PassThrough().destroy();
  const troubles: string[][] = [];
  for (const to of [failing, throwing, ended, destroyed]) {
    const { writer, told } = writerFor(to);
    writer.write(Buffer.from("a"));
    await new Promise(setImmediate);
    writer.write(Buffer.from("b"));
    troubles.push(told);
  }
  expect(troubles).toEqual([["it has ended"], ["it threw: no"], ["it has ended"], ["it has ended"]]);
});

test("[O17] something that only looks like a stream is written to as well, for ever", () => {
  let bytes = 0;
  const like = { write: (chunk: Uint8Array) => void (bytes += chunk.length), on() {} } as unknown as Writable;
  const { writer, told } = writerFor(like);
  for (let mib = 0; mib < 20; mib++) writer.write(Buffer.alloc(MIB));
  expect([bytes, told]).toEqual([20 * MIB, []]);
});

test("[O17, O18] a writer whose write() rejects harms nobody, and is told of once", async () => {
  const like = { write: async () => Promise.reject(new Error("no")), on() {} } as unknown as Writable;
  const rejectingNull = Object.assign(new PassThrough(), { write: async () => Promise.reject(null) }) as unknown as Writable;
  for (const [to, sentence] of [
    [like, "it rejected: no"],
    [rejectingNull, "it rejected: undefined"],
  ] as const) {
    const { writer, told } = writerFor(to);
    writer.write(Buffer.from("a"));
    writer.write(Buffer.from("b"));
    await new Promise(setImmediate);
    expect(told).toEqual([sentence]);
    writer.end();
  }
});

test("[O17, P5] a writer that fails ends nobody's host, whatever becomes of the caller's own error listener", async () => {
  const own = (): void => {};
  const to = new PassThrough().on("error", own);
  const { writer } = writerFor(to);
  to.off("error", own);
  writer.write(Buffer.from("a"));
  to.destroy(new Error("gone"));
  // At the very moment that the output ends, too.
  writer.end();
  await new Promise(setImmediate);
  expect(to.errored?.message).toBe("gone");
});

test("[O17] all who write to one writer have one error listener there, for as long as they do", async () => {
  const own = (): void => {};
  const to = new PassThrough().on("error", own);
  const writers = Array.from({ length: 20 }, () => writerFor(to).writer);
  expect(to.listenerCount("error")).toBe(2);
  for (const writer of writers) writer.write(Buffer.from("a"));
  for (const writer of writers) writer.end();
  to.resume();
  await new Promise(setImmediate);
  expect(to.listeners("error")).toEqual([own]);
});

test("[O17] what is still to be written when the output ends may fail", async () => {
  let fail!: (error: Error) => void;
  const to = new Writable({ write: (_chunk, _encoding, done) => void (fail = done) });
  const { writer } = writerFor(to);
  writer.write(Buffer.from("a"));
  writer.end();
  fail(new Error("disk full"));
  await new Promise(setImmediate);
  expect(to.errored?.message).toBe("disk full");
});
