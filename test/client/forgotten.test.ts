import { expect, test } from "vitest";
import { Forgotten } from "../../src/client/forgotten.js";
import { memoryLogger } from "../kit/fixtures.js";

const EACH = ["PipeWrap", "PipeWrap", "PipeWrap", "ProcessWrap", "TCPSocketWrap"];

/** A program with so many plugins, and a clock that is moved by hand. */
function program(count: number, resources: string[]) {
  const tasks = new Set<() => void>();
  const after = (_ms: number, task: () => void): (() => void) => {
    tasks.add(task);
    return () => tasks.delete(task);
  };
  const pass = (): void => {
    for (const task of [...tasks]) {
      tasks.delete(task);
      task();
    }
  };
  const logger = memoryLogger();
  const idle = { now: true };
  const forgotten = new Forgotten({ after }, () => resources);
  const stops = Array.from({ length: count }, () => forgotten.watch({ logger, isIdle: () => idle.now }));
  return { pass, logger, idle, stops, forgotten, tasks };
}

test("a program that nothing but idle plugins keeps running is told so once, at debug", () => {
  const { pass, logger, idle, forgotten, tasks } = program(2, [...EACH, ...EACH]);
  idle.now = false;
  pass();
  expect(logger.records).toEqual([]);
  idle.now = true;
  pass();
  pass();
  forgotten.watch({ logger, isIdle: () => true });
  expect(logger.records).toEqual([
    {
      level: "debug",
      message: "Nothing but 2 plugins, open and idle, keeps this program running: kill() ends a plugin, and unref() lets the program end",
      fields: undefined,
    },
  ]);
  expect(tasks.size).toBe(0);
});

test.each([
  ["a server", [...EACH, "TCPServerWrap"]],
  ["a timer", [...EACH, "Timeout"]],
  ["a terminal that is read", [...EACH, "TTYWrap"]],
  ["another child", [...EACH, "ProcessWrap"]],
  ["connections", [...EACH, "TCPSocketWrap", "TCPSocketWrap"]],
])("nothing is said of a program that %s keeps running", (_what, resources) => {
  const { pass, logger, stops, tasks } = program(1, resources);
  pass();
  pass();
  expect(logger.records).toEqual([]);
  for (const stop of stops) stop();
  expect(tasks.size).toBe(0);
});
