import { expect, test } from "vitest";
import { AnnouncementSearch } from "../../src/client/announcement-search.js";
import { looksLikeAnnouncement } from "../../src/handshake/announcement.js";
import { parseCrashReport } from "../../src/handshake/crash-report.js";
import { LogBlocks } from "../../src/output/log-blocks.js";
import { LogLines } from "../../src/output/log-lines.js";
import { toLogRecord } from "../../src/output/log-record.js";
import { lastLine } from "../../src/output/tail.js";
import { FakeClock } from "../kit/fake-clock.js";

// Far more than a line may have: what looks at a text of this length more than a few times is not done within the time that a test has.
const LENGTH = 60_000;
const of = (...parts: string[]): string[] => parts.map((part) => part.repeat(Math.ceil(LENGTH / part.length)));
const EVIL = [
  ...of("(", "()", "a(", "/", ":1", "1:", "1", "1|", "^", " ", "^ ", "\t(", "\r", "=", "A", "Error", "{", "[", '"":', "\u001e", "\uFFFD"),
  ...of("\\", "at ", "goroutine 1 ", "-", " {"),
].flatMap((text) => [text, `${text}\u0001x`, `${text})`]);
const BEFORE = [
  "",
  "/",
  "x(",
  "[eval1",
  "[WARN] ",
  "2025-01-01T",
  "2025-01-01T0 ",
  "1|1|",
  '{"level":',
  "12:00:00 ",
  "12:00:00 [",
  "ERROR:",
  "12:00:00 - ",
  "time=",
  'time="x" level=info msg="',
  "<4>",
  "thread '",
  "\u001b[",
  `\u001e${"0".repeat(64)} {`,
];
const lines = BEFORE.flatMap((before) => EVIL.map((text) => before + text));

test.for([
  ["a line among others", []],
  ["a line of a report of Node.js", ["/srv/kv.mjs:3", "throw", "^"]],
  ["the line below an arrow's", ["/srv/kv.mjs:3", "throw"]],
  ["a line of Python's", ["Traceback (most recent call last):", "  File x"]],
  ["a line of Rust's", ["thread 'main' panicked at x:1:1:", "boom"]],
  ["a line of Go's", ["panic: x", "", "goroutine 1 [running]:"]],
] as const)("[P5, F21] %s is looked at a few times, whatever it holds", ([, before]) => {
  let characters = 0;
  const reader = { line: (line: string) => void (characters += line.length), block: (text: string) => void (characters += text.length) };
  for (const line of lines) {
    const blocks = new LogBlocks(reader, new FakeClock());
    for (const text of [...before, line]) blocks.push(text, false);
    blocks.flush();
  }
  expect(characters).toBeGreaterThan(0);
});

test("[P5, F21] a record, an announcement, last words and the last line are told from other text by a few looks at it", () => {
  for (const line of lines) {
    expect(toLogRecord(line).level).toMatch(/^(info|warn|error)$/);
    toLogRecord(line, true);
    looksLikeAnnouncement(line);
    new AnnouncementSearch(() => {}).push(Buffer.from(`${line}\n`));
    expect(parseCrashReport(`${line}\n`, "00".repeat(32))).toBeUndefined();
    lastLine(`${line}\nNode.js v20`);
  }
});

test("[P5, F21] a cut line is looked at a few times, whatever its bytes are", () => {
  let count = 0;
  const log = new LogLines(() => count++);
  // One that is no character, 8,190 times, and then one that is: the cut comes after both.
  const line = Buffer.from(`${"\xff".repeat(8_190)}xx… and more\n`, "latin1");
  for (let index = 0; index < 200; index++) log.push(line);
  expect(count).toBe(200);
});
