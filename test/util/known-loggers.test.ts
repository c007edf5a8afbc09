import { Console } from "node:console";
import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { resolveClientOptions } from "../../src/client/options/options.js";
import type { Logger } from "../../src/index.js";

/** A stream, and the lines written to it. */
function lines(): { stream: Writable; written: string[] } {
  const written: string[] = [];
  const write = (chunk: unknown, _encoding: unknown, done: () => void): void => {
    written.push(...String(chunk).trimEnd().split("\n"));
    done();
  };
  return { stream: new Writable({ write }), written };
}

const resolved = (logger: Logger | false): Logger => resolveClientOptions({ command: "x", logger }).logger;

test("pino fits as it is: level, message and fields, and what an error is", () => {
  const { stream, written } = lines();
  const logger = resolved(pino({ level: "debug", base: null, timestamp: false }, stream));
  logger.debug("a 100%s text", { stream: "stderr" });
  logger.info("alone");
  logger.warn("failed", { error: new TypeError("no"), plugin: "kv" });
  logger.error("odd", { error: "a text" });
  expect(written.map((line) => JSON.parse(line))).toEqual([
    { level: 20, stream: "stderr", msg: "a 100%s text" },
    { level: 30, msg: "alone" },
    { level: 40, plugin: "kv", err: { type: "TypeError", message: "no", stack: expect.any(String) }, msg: "failed" },
    { level: 50, error: "a text", msg: "odd" },
  ]);
});

test("a child of pino fits, too", () => {
  const { stream, written } = lines();
  resolved(pino({ base: null, timestamp: false }, stream).child({ app: "a" })).info("hello", { n: 1 });
  expect(written.map((line) => JSON.parse(line))).toEqual([{ level: 30, app: "a", n: 1, msg: "hello" }]);
});

test("a console fits as it is, and what a plugin says is no format for it", () => {
  const { stream, written } = lines();
  const logger = resolved(new Console(stream));
  logger.info("100%d of %s %% done", { stream: "stderr" });
  logger.error("100%d alone");
  expect(written).toEqual(["100%d of %s %% done { stream: 'stderr' }", "100%d alone"]);
});

test("false is silent, and a logger of one's own is called as it is declared", () => {
  resolved(false).error("nobody hears this");
  const calls: unknown[] = [];
  const take = (...record: unknown[]): void => void calls.push(record);
  const logger = resolved({ debug: take, info: take, warn: take, error: take });
  logger.warn("%s", { n: 1 });
  logger.info("alone");
  expect(calls).toEqual([["%s", { n: 1 }], ["alone"]]);
});
