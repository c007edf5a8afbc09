import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { abortable, addAbortTask, removeAbortTask } from "../../src/util/abort.js";
import { deferred } from "../../src/util/deferred.js";
import { rejection } from "../kit/fixtures.js";

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

test("a thousand tasks of one signal need one listener, and the last one takes it along", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const tasks = Array.from({ length: 1_000 }, () => () => {});
  for (const task of tasks) addAbortTask(signal, task);
  expect(listeners(signal)).toBe(1);
  for (const task of tasks.slice(1)) removeAbortTask(signal, task);
  expect(listeners(signal)).toBe(1);
  removeAbortTask(signal, tasks[0] as () => void);
  removeAbortTask(signal, tasks[0] as () => void);
  expect(listeners(signal)).toBe(0);
});

test("on abort every task runs once, but for those called off, even by one of them", () => {
  const controller = new AbortController();
  const ran: string[] = [];
  const last = () => void ran.push("last");
  addAbortTask(controller.signal, () => void ran.push("first"));
  addAbortTask(controller.signal, () => removeAbortTask(controller.signal, last));
  addAbortTask(controller.signal, last);
  controller.abort();
  expect(ran).toEqual(["first"]);
});

test("abortable() settles as the work does, and leaves no listener", async () => {
  const { signal } = new AbortController();
  expect(await abortable(Promise.resolve(1), signal)).toBe(1);
  expect(await rejection(abortable(Promise.reject("no"), signal))).toBe("no");
  expect(listeners(signal)).toBe(0);
});

test("abortable() rejects with the reason as soon as the signal aborts, and what comes later is dropped", async () => {
  const controller = new AbortController();
  const work = deferred<number>();
  const raced = rejection(abortable(work.promise, controller.signal));
  controller.abort("enough");
  expect(await raced).toBe("enough");
  work.reject(new Error("late, and heard by nobody"));
  expect(await rejection(abortable(work.promise, controller.signal))).toBe("enough");
});
