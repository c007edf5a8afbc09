import { expect, test } from "vitest";
import { LogLines } from "../../src/output/log-lines.js";
import { OutputLog } from "../../src/output/output-log.js";
import { FakeClock } from "../kit/fake-clock.js";
import { memoryLogger } from "../kit/fixtures.js";

function logOf(): { log: OutputLog; clock: FakeClock; logger: ReturnType<typeof memoryLogger> } {
  const [clock, logger] = [new FakeClock(), memoryLogger()];
  return { log: new OutputLog(logger, clock), clock, logger };
}
const lines = (count: number): Buffer => Buffer.from("x\n".repeat(count));

test("[F21] a line is cut at 8 KiB, however it comes, and the next is whole", () => {
  const whole = "a".repeat(8_192);
  const text = `${whole}\n${whole}b\nnext\r\n${"é".repeat(5_000)}\n\n${"c".repeat(300_000)}`;
  const expected = [whole, `${whole}… (cut)`, "next", `${"é".repeat(4_096)}… (cut)`, `${"c".repeat(8_192)}… (cut)`];
  for (const size of [1, 7, 8_191, 8_192, 8_193, 65_536, 1_000_000]) {
    const { log, logger } = logOf();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) log.stdout.push(bytes.subarray(at, at + size));
    log.end("stdout");
    expect(logger.records.map(({ message }) => message)).toEqual(expected);
  }
});

test("[F21] a character that the cut goes through is left out", () => {
  const { log, logger } = logOf();
  log.stderr.push(Buffer.from(`x${"€".repeat(4_000)}\n`));
  expect(logger.text).toBe(`x${"€".repeat(2_730)}… (cut)`);
});

test("[F21] beyond 1,000 lines a second, lines are counted, and that is said when they let up", () => {
  const { log, clock, logger } = logOf();
  log.stderr.push(lines(900));
  log.stdout.push(lines(150));
  log.stdout.push(lines(3));
  expect(logger.records).toHaveLength(1_000);
  clock.advance(1_000);
  expect(logger.records.slice(1_000)).toEqual([{ level: "warn", message: "… 53 lines dropped", fields: { dropped: 53 } }]);
  log.stdout.push(Buffer.from("after\n"));
  expect(logger.records.at(-1)?.message).toBe("after");
  expect(clock.timers).toBe(0);
});

test("[F21] lines left out are said before the next line, and at the end of the stream", () => {
  const { log, clock, logger } = logOf();
  log.stdout.push(lines(1_001));
  clock.freeze(5_000);
  log.stdout.push(lines(1));
  log.stdout.push(lines(1_009));
  log.end("stdout");
  expect(logger.records.filter(({ level }) => level === "warn").map(({ message }) => message)).toEqual([
    "… 1 lines dropped",
    "… 10 lines dropped",
  ]);
  expect(clock.timers).toBe(0);
});

test("[P5, F21] lines that come along with one too many are counted, however the chunks are cut, and nobody is asked for each", () => {
  for (const size of [1, 3, 5_000, 65_536]) {
    let [asked, dropped, seen] = [0, 0, 0];
    const log = new LogLines(() => seen++, { admit: () => asked++ < 10, drop: (count) => void (dropped += count) });
    const bytes = Buffer.from("a\n\nbcd\n".repeat(10_000));
    for (let at = 0; at < bytes.length; at += size) log.push(bytes.subarray(at, at + size));
    log.push(Buffer.from("rest"));
    log.end();
    expect([seen, asked + dropped]).toEqual([10, 30_001]);
    expect(asked).toBeLessThanOrEqual(12 + bytes.length / size);
  }
});

test("[O23] stdout is the program's own output, and no level is taken from it", () => {
  const { log, logger } = logOf();
  log.stdout.push(Buffer.from('[ERROR] x\n{"level":50,"msg":"x"}\n'));
  log.stderr.push(Buffer.from('[ERROR] x\n{"level":10,"msg":"y","stream":"forged"}\n'));
  expect(logger.records).toEqual([
    { level: "info", message: "[ERROR] x", fields: { stream: "stdout" } },
    { level: "info", message: '{"level":50,"msg":"x"}', fields: { stream: "stdout" } },
    { level: "error", message: "x", fields: { stream: "stderr" } },
    { level: "debug", message: "y", fields: { stream: "stderr" } },
  ]);
});

test("[O23] the report of an uncaught exception is one record at error, its control characters escaped, however it comes", () => {
  const report = "file:///srv/kv.mjs:3\nthrow new Error()\n^\n\nError: bad\u001b[31m\n    at x\n\nNode.js v20.11.0";
  for (const size of [1, 10, 1_000]) {
    const { log, logger } = logOf();
    for (let at = 0; at < report.length; at += size) log.stderr.push(Buffer.from(report.slice(at, at + size)));
    log.end("stderr");
    expect(logger.records).toEqual([{ level: "error", message: report.replace("\u001b", "\\u001b"), fields: { stream: "stderr" } }]);
  }
});
