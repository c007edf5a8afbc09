import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { feedStdin } from "../../src/process/feed-stdin.js";
import type { Exit } from "../../src/process/runtime.js";
import { gate } from "../kit/gate.js";

gate();
const running: Promise<Exit> = new Promise(() => {});

test("[O22] the caller's stdin is let go, listeners and all, when the process has ended", async () => {
  const stdin = new PassThrough();
  const before = stdin.eventNames();
  const target = new PassThrough();
  let exit!: (value: Exit) => void;
  const exited = new Promise<Exit>((resolve) => {
    exit = resolve;
  });
  feedStdin(stdin, target, exited);
  stdin.write("hello");
  expect(String((await once(target, "data"))[0])).toBe("hello");
  exit({ exitCode: 0, signal: null });
  await exited;
  await Promise.resolve();
  expect(stdin.eventNames()).toEqual(before);
  expect(stdin.destroyed).toBe(false);
});

test.for([
  ["ends", "end"],
  ["is destroyed", "destroy"],
] as const)("[O22] the plugin sees the end of its stdin where the caller's %s, before its start or later", async ([, how]) => {
  for (const early of [true, false]) {
    const [stdin, target] = [new PassThrough(), new PassThrough()];
    if (early) {
      stdin[how]();
      await new Promise(setImmediate);
    }
    feedStdin(stdin, target, running);
    target.resume();
    if (!early) stdin[how]();
    await once(target, "end");
    expect(target.writableEnded).toBe(true);
  }
});

test("[O22] the plugin's stdin breaks where the caller's fails", async () => {
  const [stdin, target] = [new PassThrough(), new PassThrough()];
  feedStdin(stdin, target, running);
  stdin.destroy(new Error("bad disk"));
  await once(target, "close");
  expect([target.destroyed, target.errored]).toEqual([true, null]);
});

test("[O22, P9] a stream that feeds twelve plugins is warned of by nothing, and is as it was when they have ended", async () => {
  const stdin = new PassThrough();
  const most = stdin.getMaxListeners();
  const exits: ((exit: Exit) => void)[] = [];
  const targets = Array.from({ length: 12 }, () => {
    const target = new PassThrough();
    feedStdin(stdin, target, new Promise((resolve) => exits.push(resolve)));
    return target;
  });
  const read = targets.map((target) => once(target, "data"));
  stdin.write("hello");
  expect((await Promise.all(read)).map(String)).toEqual(Array(12).fill("hello"));
  for (const exit of exits) exit({ exitCode: 0, signal: null });
  await new Promise(setImmediate);
  expect(stdin.getMaxListeners()).toBe(most);
});
