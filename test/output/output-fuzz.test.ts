import fc from "fast-check";
import { expect, test } from "vitest";
import { Stdio } from "../../src/client/stdio.js";
import type { Running } from "../../src/process/runtime.js";
import { memoryLogger } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
const SOURCE = { shown: "./kv.js", secret: "00".repeat(32) };
const NO_STDIO = { stderr: undefined, syncStdout: undefined, syncStderr: undefined, stdin: undefined };
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

// Pieces of everything that is looked for, so that chance puts them together.
const piece = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      ...[
        "\n",
        "\r\n",
        "\n\n",
        "\u001e",
        "\u001b[2J",
        "\u202e",
        "[ERROR] ",
        "[WARN]",
        "{",
        "}",
        '{"@message":5}',
        '{"@level":"error","@message":"',
      ],
      ...[
        '{"level":50,"time":1,"msg":"',
        '"}',
        '"__proto__":',
        '{"__proto__":{"x":1},"level":30,"msg":"\\u001b"}',
        "1|1|tcp|127.0.0.1:1|jsonrpc|",
      ],
      ...["Traceback (most recent call last):\n", "  File x\n", "ValueError: x\n", "panic: x\n", "goroutine 1 [running]:\n", "\tx.go:1\n"],
      ...[
        "file:///x.mjs:1\n",
        "throw x\n",
        "^\n",
        "Node.js v20.11.0\n",
        `\u001e${"0".repeat(64)} {`,
        "[".repeat(200),
        "x".repeat(9_000),
        "1|2|",
      ],
    )
    .map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 3 }).map((text) => Buffer.from(`${text}\n`)),
);
const output = fc.array(piece, { maxLength: 30 });

async function* of(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, member]) => [key, ...texts(member)]);
}

test("[F21, F144, O23] whatever a plugin prints harms nobody: at most a record a line, and no control character in it", async () => {
  await fc.assert(
    fc.asyncProperty(output, output, async (stdout, stderr) => {
      const logger = memoryLogger();
      const running: Running = {
        id: "x",
        stdin: undefined,
        stdout: of(stdout),
        stderr: of(stderr),
        exited: new Promise(() => {}),
        signal() {},
      };
      const stdio = new Stdio(running, NO_STDIO, logger, SOURCE);
      await stdio.drained;
      const count = [stdout, stderr].reduce((sum, chunks) => sum + Buffer.concat(chunks).toString("latin1").split("\n").length, 0);
      expect(logger.records.length).toBeLessThanOrEqual(count);
      for (const { level, message, fields } of logger.records) {
        expect([message, ...texts(fields)].filter((text) => CONTROL.test(text))).toEqual([]);
        // Only the report of an uncaught exception has several lines.
        if (message.includes("\n")) expect([level, /^(?:file:|Traceback|panic:)/.test(message)]).toEqual(["error", true]);
        expect(Object.getPrototypeOf(Object.assign({}, fields))).toBe(Object.prototype);
        expect(() => JSON.stringify({ message, fields })).not.toThrow();
      }
      expect(stdio.crashReport).toBeUndefined();
    }),
    { numRuns: 500 },
  );
});
