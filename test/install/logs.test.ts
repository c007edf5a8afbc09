import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LogEntry, LogQuery } from "../../src/install/logs/log-entry.js";
import { Logs } from "../../src/install/logs/logs.js";
import { linesBackwards } from "../../src/install/logs/read-backwards.js";
import { FakeClock } from "../kit/fake-clock.js";
import { gate } from "../kit/gate.js";

gate();
let dir: string;
let clock: FakeClock;
const failures: string[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "logs-"));
  clock = new FakeClock();
  failures.length = 0;
});
afterEach(() => rmSync(dir, { recursive: true }));

const logsWith = (limits = { maxFileBytes: 10 * 2 ** 20, maxFiles: 5 }): Logs =>
  new Logs({ directory: dir, limits, clock, onFailure: (sentence) => void failures.push(sentence) });
let second = 0;
const entry = (message: string, more: Partial<LogEntry> = {}): LogEntry => ({
  time: new Date(1_800_000_000_000 + 1_000 * second++).toISOString(),
  plugin: "a",
  level: "info",
  message,
  ...more,
});
async function read(logs: Logs, query: LogQuery = { plugin: "a" }): Promise<string[]> {
  const found: string[] = [];
  for await (const { message } of logs.read(query)) found.push(message);
  return found;
}

test("[S33] the last records are read in order; by level, by text, by pattern, by time", async () => {
  const logs = logsWith();
  const entries = [
    entry("one"),
    entry("two", { level: "warn" }),
    entry("Three", { level: "error", fields: { x: 1 } }),
    entry("four", { level: "debug" }),
  ];
  for (const each of entries) logs.add(each);
  logs.add(entry("elsewhere", { plugin: "b" }));
  expect(await read(logs)).toEqual(["one", "two", "Three", "four"]);
  expect(await read(logs, { plugin: "a", tail: 2 })).toEqual(["Three", "four"]);
  expect(await read(logs, { plugin: "a", tail: 0 })).toEqual([]);
  expect(await read(logs, { plugin: "a", level: "warn" })).toEqual(["two", "Three"]);
  expect(await read(logs, { plugin: "a", match: "THREE" })).toEqual(["Three"]);
  expect(await read(logs, { plugin: "a", match: /^(one|four)$/g })).toEqual(["one", "four"]);
  expect(await read(logs, { plugin: "a", since: new Date((entries[2] as LogEntry).time) })).toEqual(["Three", "four"]);
  expect(await read(logs, {})).toEqual(["one", "two", "Three", "four", "elsewhere"]);
  await logs.close();
  const lines = readFileSync(join(dir, "a/log.jsonl"), "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line) as LogEntry)).toEqual(entries);
  expect(await read(logsWith())).toEqual(["one", "two", "Three", "four"]);
});

test("[S33] history, then what comes, without a gap and nothing twice, until the reader leaves or the signal aborts", async () => {
  const logs = logsWith();
  const said: string[] = [];
  const say = (): void => {
    said.push(`${said.length}`);
    logs.add(entry(said.at(-1) as string));
  };
  for (let count = 0; count < 50; count++) say();
  const aborter = new AbortController();
  const heard: string[] = [];
  const following = (async () => {
    for await (const { message } of logs.read({ plugin: "a", follow: true, signal: aborter.signal })) heard.push(message);
  })();
  // While the history is read, more comes all the time.
  for (let turn = 0; turn < 200; turn++) {
    say();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await expect.poll(() => heard.length).toBe(said.length);
  expect(heard).toEqual(said);
  aborter.abort();
  await following;
  for await (const { message } of logs.read({ follow: true, tail: 1 })) {
    expect(message).toBe("249");
    break;
  }
  await logs.close();
});

test("[S33] who follows all plugins hears one that comes later, and the end of the host ends it", async () => {
  const logs = logsWith();
  logs.add(entry("before", { plugin: "b" }));
  const heard: string[] = [];
  const following = (async () => {
    for await (const { plugin, message } of logs.read({ follow: true })) heard.push(`${plugin}:${message}`);
  })();
  await expect.poll(() => heard).toEqual(["b:before"]);
  logs.add(entry("new", { plugin: "c" }));
  logs.add(entry("old", { plugin: "b" }));
  await expect.poll(() => heard).toEqual(["b:before", "c:new", "b:old"]);
  await logs.close();
  await following;
});

test("[S33] a reader that does not read costs a bound, and is told what it missed", async () => {
  const logs = logsWith();
  const reader = logs.read({ plugin: "a", follow: true, tail: 0 });
  const first = reader.next();
  // It follows once the history was looked at.
  await new Promise<void>((resolve) => setTimeout(resolve, 100));
  logs.add(entry("first"));
  expect((await first).value).toMatchObject({ message: "first" });
  for (let count = 0; count < 2_000; count++) logs.add(entry(`${count}`));
  expect((await reader.next()).value).toMatchObject({ message: "976", leftOut: 976 });
  expect((await reader.next()).value).not.toHaveProperty("leftOut");
  await reader.return(undefined);
  await logs.close();
});

test("[S33] logs are rotated by size and number, and read across files", async () => {
  const logs = logsWith({ maxFileBytes: 2_000, maxFiles: 3 });
  for (let count = 0; count < 100; count++) {
    logs.add(entry(`${count}`));
    if (count % 10 === 9) await read(logs);
  }
  const kept = await read(logs);
  await logs.close();
  expect(readdirSync(join(dir, "a")).sort()).toEqual(["log.1.jsonl", "log.2.jsonl", "log.jsonl"]);
  for (const name of readdirSync(join(dir, "a"))) expect(statSync(join(dir, "a", name)).size).toBeLessThanOrEqual(2_000);
  expect(kept.at(-1)).toBe("99");
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `${100 - kept.length + index}`));
  expect(kept.length).toBeGreaterThan(30);
});

test.runIf(existsSync("/dev/full"))(
  "[F137] a full disk costs records beyond a bound, counted; it is told once, and what is kept is written when there is room",
  async () => {
    const logs = logsWith();
    logs.add(entry("before"));
    const file = join(dir, "a/log.jsonl");
    await expect.poll(() => existsSync(file) && readFileSync(file, "utf8").includes("before")).toBe(true);
    const before = readFileSync(file, "utf8");
    rmSync(file);
    symlinkSync("/dev/full", file);
    for (let count = 0; count < 10_100; count++) logs.add(entry(`${count}`));
    await expect.poll(() => failures.length).toBe(1);
    expect(failures).toEqual(['Cannot write the log of plugin "a": what it says is kept in memory as far as there is room']);
    expect(logs.lostOf("a")).toBeGreaterThanOrEqual(100);
    rmSync(file);
    writeFileSync(file, before);
    clock.advance(1_000);
    await expect.poll(() => readFileSync(file, "utf8").includes('"10099"')).toBe(true);
    const kept: LogEntry[] = [];
    for await (const each of logs.read({ plugin: "a", tail: 20_000 })) kept.push(each);
    const [first, second] = kept as [LogEntry, LogEntry];
    expect([first.message, kept.at(-1)?.message]).toEqual(["before", "10099"]);
    expect(second.leftOut).toBe(logs.lostOf("a"));
    expect(kept.length - 1 + logs.lostOf("a")).toBe(10_100);
    expect(failures).toHaveLength(1);
    await logs.close();
  },
);

test("a line that the disk had no room for is no record, and those after it are", async () => {
  const logs = logsWith();
  logs.add(entry("whole"));
  await expect.poll(() => existsSync(join(dir, "a/log.jsonl"))).toBe(true);
  appendFileSync(join(dir, "a/log.jsonl"), '{"time":"2027","level":"info","mess\n{"no":"record"}\nnull\n');
  logs.add(entry("after"));
  expect(await read(logs)).toEqual(["whole", "after"]);
  await logs.close();
});

test("the last lines of a long file are read without the rest of it", async () => {
  const path = join(dir, "long");
  const lines = Array.from({ length: 100_000 }, (_, index) => `line ${index} é ${"x".repeat(index % 90)}`);
  writeFileSync(path, `${lines.join("\n")}\n`);
  const file = await open(path, "r");
  let bytes = 0;
  const counting = {
    read(buffer: Buffer, offset: number, length: number, position: number) {
      bytes += length;
      return file.read(buffer, offset, length, position);
    },
  } as unknown as FileHandle;
  const { size } = await file.stat();
  const found: string[] = [];
  for await (const line of linesBackwards(counting, size)) if (found.push(line) === 100) break;
  expect(found.reverse()).toEqual(lines.slice(-100));
  expect(bytes).toBeLessThanOrEqual(65_536);
  const all: string[] = [];
  for await (const line of linesBackwards(file, size)) all.push(line);
  expect(all.reverse()).toEqual(lines);
  await file.close();
});
