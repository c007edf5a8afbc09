import { afterEach, beforeEach, expect, test } from "vitest";
import type { Logger } from "../../src/util/logger.js";
import { safeLogger } from "../../src/util/safe-logger.js";
import { gate } from "../kit/gate.js";

gate();
const LEVELS = ["debug", "info", "warn", "error"] as const;

let warnings: (Error & { readonly code?: string; readonly detail?: string })[] = [];
const onWarning = (warning: Error): void => void warnings.push(warning);
beforeEach(() => {
  warnings = [];
  process.on("warning", onWarning);
});
afterEach(() => void process.off("warning", onWarning));

/** By then a rejection that nobody handles has failed the gate, and warnings have been given. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function loggerOf(log: (...record: unknown[]) => unknown): Logger {
  return { debug: log, info: log, warn: log, error: log };
}

const failures: readonly (readonly [string, () => unknown])[] = [
  [
    "throws",
    () => {
      throw new Error("disk full");
    },
  ],
  ["rejects", async () => Promise.reject(new Error("disk full"))],
  [
    "returns what cannot be looked at",
    () =>
      new Proxy(
        {},
        {
          get() {
            throw new Error("disk full");
          },
        },
      ),
  ],
];

test.for(failures)("[F21] a logger that %s harms nobody, and a warning says so once, however many clients it has", async ([, log]) => {
  const logger = loggerOf(log);
  for (const safe of [safeLogger(logger), safeLogger(logger)]) {
    for (const level of LEVELS) expect(safe[level]("text", { a: 1 })).toBeUndefined();
  }
  await settled();
  expect(warnings.map(({ code, message }) => [code, message])).toEqual([
    ["MORTISE_LOGGER", 'Cannot log: the logger\'s function "debug" failed: disk full'],
  ]);
  expect(warnings[0]?.detail).toMatch(/^Error: disk full\n {4}at [\s\S]*\n {2}What it does not take is left out\. This is said once\.$/);
});

test("[F21] whatever a logger throws is shown as well as it can be", async () => {
  const hostile = Object.defineProperty(new Error("x"), "message", {
    get() {
      throw new Error("no");
    },
  });
  for (const thrown of [null, Symbol("s"), Object.create(null), hostile]) {
    const fail = (): never => {
      throw thrown;
    };
    expect(() => safeLogger(loggerOf(fail)).warn("text")).not.toThrow();
  }
  await settled();
  const failed = 'Cannot log: the logger\'s function "warn" failed';
  expect(warnings.map(({ message }) => message)).toEqual([`${failed}: null`, `${failed}: Symbol(s)`, `${failed}: an object`, failed]);
});

test("a logger that works is called as it is: with its own this, as many arguments as there are, and by what it has now", async () => {
  class Counting {
    readonly records: unknown[][] = [];
    debug(...record: unknown[]): void {
      this.records.push(record);
    }
    info(...record: unknown[]): void {
      this.records.push(record);
    }
    async warn(...record: unknown[]): Promise<void> {
      this.records.push(record);
    }
    error(): void {}
  }
  const logger = new Counting();
  const safe = safeLogger(logger);
  logger.error = () => void logger.records.push(["replaced"]);
  safe.debug("one");
  safe.info("two", { a: 1 });
  safe.warn("three");
  safe.error("four");
  await settled();
  // A logger like console would print an undefined that was added.
  expect(logger.records).toEqual([["one"], ["two", { a: 1 }], ["three"], ["replaced"]]);
  expect(warnings).toEqual([]);
});
