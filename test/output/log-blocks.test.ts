import { expect, test } from "vitest";
import { LogBlocks } from "../../src/output/log-blocks.js";
import { FakeClock } from "../kit/fake-clock.js";

/** Lines as they come out, a block with its lines joined by a bar. */
function blocksOf(): { blocks: LogBlocks; clock: FakeClock; out: string[]; print(text: string): void } {
  const out: string[] = [];
  const clock = new FakeClock();
  const reader = {
    line: (line: string) => void out.push(line),
    block: (text: string) => void out.push(`BLOCK ${text.replaceAll("\n", "|")}`),
  };
  const blocks = new LogBlocks(reader, clock);
  return { blocks, clock, out, print: (text) => text.split("\n").forEach((line) => void blocks.push(line, false)) };
}

const NODE = `file:///srv/kv.mjs:3
throw new TypeError("bad")
      ^

TypeError: bad
thing
    at file:///srv/kv.mjs:3:7 {
  code: 'E_BAD'
}

Node.js v20.11.0`;
const PYTHON = `Traceback (most recent call last):
  File "kv.py", line 3, in <module>
ZeroDivisionError: division by zero

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "kv.py", line 5, in <module>
ValueError: bad`;
const GO = `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48f]

goroutine 1 [running]:
main.(*Store).open(0x0, {0xc00, 0x1})
\t/srv/kv.go:9 +0x1d
main.main()
\t/srv/kv.go:5 +0x18
created by main.start in goroutine 7
exit status 2`;

const NOTE = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
const RUST = `thread 'main' panicked at src/main.rs:2:5:\ndisk is full\n${NOTE}`;
const RUST_TRACE = `thread 'main' (7) panicked at src/main.rs:2:5:\ndisk is full\nstack backtrace:\n   0: kv::open\n             at ./src/main.rs:2:5\nnote: Some details are omitted`;
const RUST_OLD = `thread 'main' panicked at 'disk is full', src/main.rs:2:5\n${NOTE}`;

test.for<readonly [string, string]>([
  ["Node.js", NODE],
  [
    "Node.js, of a value that is no error",
    "node:internal/modules/run_main:123\n    triggerUncaughtException(\n    ^\nfoo\n\nNode.js v20.20.2",
  ],
  ["Node.js on Windows", NODE.replace("file:///srv/kv.mjs", "C:\\srv\\kv.js")],
  ["Python", PYTHON],
  ["Go", GO],
  ["Rust", RUST],
  ["Rust that says where it was", RUST_TRACE],
  ["Rust before 1.73", RUST_OLD],
])("[O23] the report of an uncaught exception of %s is one block, between lines that are their own", ([, report]) => {
  const { blocks, out, print } = blocksOf();
  print(`before\n${report}\nafter`);
  blocks.flush();
  expect(out).toEqual(["before", `BLOCK ${report.replaceAll("\n", "|")}`, "after"]);
});

test("[O23] a block ends when its stream does, and after a pause", () => {
  const { blocks, clock, out, print } = blocksOf();
  print(PYTHON);
  expect(out).toEqual([]);
  clock.advance(49);
  print("");
  clock.advance(49);
  expect(out).toEqual([]);
  clock.advance(1);
  expect(out).toEqual([`BLOCK ${PYTHON.replaceAll("\n", "|")}`]);
  print(GO);
  blocks.flush();
  expect(out).toHaveLength(2);
  expect(clock.timers).toBe(0);
});

test("[F144] text that only begins like a report is as many lines as it was, in their order", () => {
  const { blocks, out, print } = blocksOf();
  const lines = [
    "/srv/kv.mjs:3",
    "panic: at the disco",
    "panic: again",
    "Traceback (most recent call last):",
    "/srv/a:1",
    "/srv/b:2",
    "end",
  ];
  print(lines.join("\n"));
  blocks.flush();
  expect(out).toEqual(lines);
});

test("[O23] a report may follow what only began like one", () => {
  const { blocks, out, print } = blocksOf();
  print(`/srv/kv.mjs:3\n${NODE}`);
  blocks.flush();
  expect(out).toEqual(["/srv/kv.mjs:3", `BLOCK ${NODE.replaceAll("\n", "|")}`]);
});

test("[O23, F21] a report keeps 200 lines and 32 KiB, and says how many more there were", () => {
  const { blocks, out, print } = blocksOf();
  print(`${GO}\n${"\t/srv/kv.go:9\n".repeat(500).trimEnd()}`);
  blocks.flush();
  expect(out[0]?.split("|")).toHaveLength(201);
  expect(out[0]?.endsWith("|… (310 more lines)")).toBe(true);
  print(`${GO}\n${`\t${"x".repeat(8_000)}\n`.repeat(10).trimEnd()}`);
  blocks.flush();
  expect(out[1]?.length).toBeLessThan(33 * 1024);
  expect(out[1]?.endsWith("|… (6 more lines)")).toBe(true);
});

const PINO = '{"level":50,"time":1735689600000,"msg":"order"}';
const CAUGHT =
  "/srv/user.js:1\nlet a = ;\n        ^\n\nSyntaxError: Unexpected token ';'\n    at new Script (node:vm:117:7)\n    at run (/srv/kv.js:3:1)";
const oneBlock = (report: string): string => `BLOCK ${report.replaceAll("\n", "|")}`;

test("[O23, F21] no line that only begins like a report is lost or held back, however many there are", () => {
  const { blocks, clock, out, print } = blocksOf();
  const lines = Array.from({ length: 500 }, (_, index) => `panic: retry ${index}`);
  print(lines.join("\n"));
  expect(out).toEqual(lines.slice(0, -1));
  clock.advance(50);
  expect(out).toEqual(lines);
  // More than a report may have, and none of it.
  const indented = ["fatal error: x", ...Array.from({ length: 1_000 }, (_, index) => `\t${index}`)];
  print(indented.join("\n"));
  expect(out.slice(500)).toEqual(indented);
  blocks.flush();
  expect(out).toHaveLength(1_501);
  expect(clock.timers).toBe(0);
});

test("[O23] a line waits 250 ms at the most for its report to end, whatever follows and however soon", () => {
  for (const [first, next] of [
    ["fatal error: disk", "fatal error: disk"],
    ["panic: disk", "\tx"],
    [CAUGHT, "text"],
  ] as const) {
    const { clock, out, print } = blocksOf();
    print(first);
    let count = 0;
    for (; out.length === 0 && count < 20; count++) {
      clock.advance(30);
      print(next);
    }
    expect(count).toBeLessThanOrEqual(9);
    for (; count < 100; count++) {
      print(next);
      clock.advance(30);
    }
    clock.advance(50);
    expect(out.filter((line) => line === next).length).toBeGreaterThanOrEqual(100);
    expect(clock.timers).toBe(0);
  }
});

test("[O23] a stall of the host is not taken for a pause of the plugin: what waits to be read is read first", () => {
  const { blocks, clock, out, print } = blocksOf();
  const [first = "", ...rest] = GO.split("\n");
  print(first);
  clock.stall(300);
  print(rest.join("\n"));
  blocks.flush();
  print(`${first}\n`);
  clock.runSoon();
  expect(out).toEqual([oneBlock(GO)]);
  clock.advance(50);
  expect(out).toEqual([oneBlock(GO), first, ""]);
  expect(clock.timers).toBe(0);
});

test("[O23] a log record, a line with its level and the first of another report end a report, and are handled as themselves", () => {
  for (const report of [NODE.replace("\n\nNode.js v20.11.0", ""), CAUGHT, PYTHON, GO]) {
    for (const after of [PINO, '{"@level":"warn","@message":"x"}', "[WARN] x", "2025-01-01T00:00:00Z [INFO]  x"]) {
      const { out, print } = blocksOf();
      print(`${report}\n${after}\nnext`);
      expect(out).toEqual([oneBlock(report), after, "next"]);
    }
    for (const after of [NODE, PYTHON, GO]) {
      const { blocks, out, print } = blocksOf();
      print(`${report}\n${after}`);
      blocks.flush();
      expect(out).toEqual([oneBlock(report), oneBlock(after)]);
    }
  }
});

test("[O23] text below the stack of a SyntaxError that was caught and printed is a record of its own", () => {
  const { blocks, out, print } = blocksOf();
  print(`${CAUGHT}\nGoes on\nwith this`);
  blocks.flush();
  expect(out).toEqual([oneBlock(CAUGHT), "Goes on", "with this"]);
});

test("[O23, F21] a line that was cut is told as cut, if it comes out by itself", () => {
  const out: [string, boolean][] = [];
  const blocks = new LogBlocks(
    { line: (line, cut) => void out.push([line, cut]), block: (text) => void out.push([text, false]) },
    new FakeClock(),
  );
  blocks.push("panic: x", false);
  blocks.push("\tlong… (cut)", true);
  blocks.push('{"level":50,"msg":"… (cut)', true);
  expect(out).toEqual([
    ["panic: x", false],
    ["\tlong… (cut)", true],
    ['{"level":50,"msg":"… (cut)', true],
  ]);
});

test("[O23, F21] what follows a report too long to be kept whole is not taken for a part of it", () => {
  const { out, print } = blocksOf();
  print(`Traceback (most recent call last):\n${'  File "kv.py", line 3\n'.repeat(300)}RecursionError: x\nnext\nand next`);
  expect(out[0]?.endsWith("|… (102 more lines)")).toBe(true);
  expect(out.slice(1)).toEqual(["next", "and next"]);
});
