import { PassThrough, Writable } from "node:stream";
import { expect, test } from "vitest";
import { RawWriter } from "../../src/client/raw-writer.js";
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

test("[O17] the caller's own error listener stays the only one", () => {
  const to = new PassThrough().on("error", () => {});
  writerFor(to);
  expect(to.listenerCount("error")).toBe(1);
});
