import { Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { Stdio } from "../../src/client/stdio.js";
import type { Running, StdioOptions } from "../../src/process/runtime.js";
import { safeLogger } from "../../src/util/safe-logger.js";
import { memoryLogger, rejection } from "../kit/fixtures.js";

const LINE = "1|1|tcp|127.0.0.1:10000|jsonrpc|";
const SOURCE = { shown: "./kv.js", secret: "00".repeat(32) };
const NO_STDIO: StdioOptions = { stderr: undefined, syncStdout: undefined, syncStderr: undefined, stdin: undefined };

async function* of(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

function stdioOf(stdout: AsyncIterable<Uint8Array>, stderr: AsyncIterable<Uint8Array> = of(), options: Partial<StdioOptions> = {}) {
  const logger = memoryLogger();
  const running: Running = { id: "x", stdin: undefined, stdout, stderr, exited: new Promise(() => {}), signal() {} };
  return { stdio: new Stdio(running, { ...NO_STDIO, ...options }, logger, SOURCE), logger };
}
const announcementIn = (...chunks: (string | Uint8Array)[]) => stdioOf(of(...chunks)).stdio.announcement;
const refusalOf = async (...chunks: string[]) => {
  const { code, message } = await rejection(announcementIn(...chunks));
  return [code, message];
};

/** A writer that keeps what it gets. */
function sink(): Writable & { readonly text: string } {
  let text = "";
  const writable = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return Object.defineProperty(writable, "text", { get: () => text }) as Writable & { readonly text: string };
}

describe("the announcement", () => {
  test("[O21] is the first line that looks like one", async () => {
    expect(await announcementIn(`${LINE}\n`)).toBe(LINE);
    expect(await announcementIn(`hello\n${LINE}\n1|2|tcp|x|y\n`)).toBe(LINE);
  });

  test("[F34] comes after a banner, colours, a byte order mark, carriage returns and npm's notices", async () => {
    const noise = "\uFEFF# ACME #\r\n\u001b[32mok\u001b[0m\r\nnpm notice new version\n\n\xff\xfe\n";
    expect(await announcementIn(Buffer.from(noise, "utf8"), Buffer.from([0xff, 0x0a]), `${LINE}\r\n`)).toBe(LINE);
  });

  test("[F34] may begin the output of a language that writes a byte order mark", async () => {
    expect(await announcementIn(`\uFEFF${LINE}\n`)).toBe(LINE);
  });

  test("[F35] may come byte by byte", async () => {
    expect(await announcementIn(...`banner\n${LINE}\r\nmore\n`.split(""))).toBe(LINE);
  });

  test("[F35] may lack its newline where the output ends", async () => {
    expect(await announcementIn(LINE)).toBe(LINE);
  });

  test.each(["Loading... ", "\u001b[?1034h", "\u001b]0;title\u0007", "10%\r20%\r", "\uFEFF", "no\n…", "x".repeat(10_000)])(
    "[F34] is found behind a text without a newline, however both are cut: %j",
    async (text) => {
      for (const line of [LINE, `${LINE}MIIB+/9`, LINE.replace("jsonrpc|", "jsonrpc+ws")]) {
        expect(await announcementIn(`${text}${line}\n`)).toBe(line);
        expect(await announcementIn(...`${text}${line}\r\nmore\n`.split(""))).toBe(line);
        expect(await announcementIn(`${text}${line}`)).toBe(line);
      }
    },
  );

  test("[F34] is not taken from a line that only speaks of one", async () => {
    for (const line of [`{"msg":"${LINE}"}`, `printed ${LINE}.`, `${LINE.replace("jsonrpc", "grpc")} it says`, `see ${LINE}more|fields|`]) {
      expect(await announcementIn(`"${line}\n`, "1|7|unix|/x/s|jsonrpc|\n")).toBe("1|7|unix|/x/s|jsonrpc|");
    }
  });

  test("[F34] may have a line of its own after 200 others, for empty ones do not count, and what was there before is in the log", async () => {
    expect(await announcementIn(`${"x\n".repeat(200)}\n${LINE}\n`)).toBe(LINE);
    const { stdio, logger } = stdioOf(of(`\n\nLoading... ${LINE}\nmore\n`));
    await stdio.drained;
    expect(logger.text).toBe("Loading... \nmore");
  });

  test("[F34] may come after 200 lines, and not after 201, however they are cut", async () => {
    const lines = (count: number) => `${"x\n".repeat(count)}${LINE}\n`;
    const tooMany = ["BAD_HANDSHAKE", "it printed more than 200 lines to stdout before an announcement"];
    expect(await announcementIn(lines(200))).toBe(LINE);
    expect(await announcementIn(...lines(200).split(""))).toBe(LINE);
    expect(await refusalOf(lines(201))).toEqual(tooMany);
    expect(await refusalOf(...lines(201).split(""))).toEqual(tooMany);
  });

  test("[F34, F36] may come after 64 KiB, and not after more, however they are cut", async () => {
    const noise = (count: number) => `${"x".repeat(count - 1)}\n`;
    const tooMuch = ["BAD_HANDSHAKE", "it printed more than 65536 bytes to stdout before an announcement"];
    expect(await announcementIn(`${noise(65_536)}${LINE}\n`)).toBe(LINE);
    expect(await announcementIn(noise(65_536), LINE.slice(0, 20), LINE.slice(20), "\n")).toBe(LINE);
    expect(await refusalOf(`${noise(65_537)}${LINE}\n`)).toEqual(tooMuch);
    expect(await refusalOf(noise(65_537).slice(0, 60_000), `${noise(65_537).slice(60_000)}${LINE}\n`)).toEqual(tooMuch);
  });

  test("[F36] is not waited for in a line that never ends", async () => {
    let taken = 0;
    const endless = (async function* () {
      for (; taken < 10_000; taken++) yield Buffer.alloc(10_000, "x");
    })();
    const { stdio } = stdioOf(endless);
    expect((await rejection(stdio.announcement)).message).toBe("it printed more than 65536 bytes to stdout before an announcement");
    expect(taken).toBeLessThan(20);
    await stdio.drained;
    expect(taken).toBe(10_000);
  });

  test("[F36] has at most 4 KiB", async () => {
    const line = (bytes: number) => "1|1|tcp|127.0.0.1:1|jsonrpc|".padEnd(bytes, "x");
    expect(await announcementIn(`${line(4_096)}\n`)).toHaveLength(4_096);
    expect(await refusalOf(`${line(4_097)}\n`)).toEqual(["BAD_HANDSHAKE", "its announcement line is longer than 4096 bytes"]);
    for (const chunks of [[`${line(70_000)}\n`], [line(5_000), "\n"], [line(70_000)], line(4_097).split("")]) {
      expect(await refusalOf(...chunks)).toEqual(["BAD_HANDSHAKE", "its announcement line is longer than 4096 bytes"]);
    }
    expect(await refusalOf(`1|1|tcp|127.0.0.1:1|jsonrpc|${"é".repeat(2_040)}\n`)).toEqual([
      "BAD_HANDSHAKE",
      "its announcement line is longer than 4096 bytes",
    ]);
  });

  test("is missed when stdout ends, or breaks", async () => {
    const broken = (async function* () {
      yield Buffer.from("hello\n");
      throw new Error("EIO");
    })();
    for (const stdout of [of(), of("hello\n"), broken]) {
      const { stdio } = stdioOf(stdout);
      expect((await rejection(stdio.announcement)).message).toBe("it closed its stdout before announcing an address");
      await stdio.drained;
    }
  });
});

describe("output", () => {
  test("[F34, F35, F41] before and after the announcement is logged by the line, and synced after it", async () => {
    const syncStdout = sink();
    const { stdio, logger } = stdioOf(of(`banner\n${LINE}\nafter`, ` it\n${LINE}\nlast`), of(), { syncStdout });
    await stdio.drained;
    expect(logger.records.map(({ message }) => message)).toEqual(["banner", "after it", LINE, "last"]);
    expect(logger.records[0]).toEqual({ level: "info", message: "banner", fields: { stream: "stdout" } });
    expect(syncStdout.text).toBe(`after it\n${LINE}\nlast`);
  });

  test("[F34] is logged without its control characters", async () => {
    const { stdio, logger } = stdioOf(of(`\u001b]0;title\u0007\u202e\n${LINE}\n`));
    await stdio.drained;
    expect(logger.text).toBe("\\u001b]0;title\\u0007\\u202e");
  });

  test("of stderr is kept at its end, at most 8 KiB of it", async () => {
    const { stdio } = stdioOf(of(), of("a".repeat(100_000), "b".repeat(8_000), "the end"));
    await stdio.drained;
    expect(stdio.stderrTail).toHaveLength(8_192);
    expect(stdio.stderrTail.endsWith("bthe end")).toBe(true);
  });

  test("[O25] instead of an announcement is described, an unfinished line too", async () => {
    const noiseOf = async (...chunks: string[]) => {
      let end!: () => void;
      const open = new Promise<void>((resolve) => {
        end = resolve;
      });
      let handed!: () => void;
      const all = new Promise<void>((resolve) => {
        handed = resolve;
      });
      const { stdio } = stdioOf(
        (async function* () {
          yield* of(...chunks);
          handed();
          await open;
        })(),
      );
      await all;
      const { noise } = stdio;
      end();
      await stdio.drained;
      return noise;
    };
    expect(await noiseOf()).toBe("");
    expect(await noiseOf("Password: ")).toBe('stdout held 1 line and no announcement; the first: "Password: "');
    expect(await noiseOf('a "b"\nc\nd')).toBe('stdout held 3 lines and no announcement; the first: "a \\"b\\""');
  });

  test("[O17, O18] leaves nothing on the caller's writers when it has ended", async () => {
    const [stderr, syncStdout, syncStderr] = [sink(), sink(), sink()];
    const writers = [stderr, syncStdout, syncStderr];
    const before = writers.map((writer) => writer.eventNames());
    const { stdio } = stdioOf(of(`${LINE}\nb\n`), of("1\n"), { stderr, syncStdout, syncStderr });
    expect(writers.map((writer) => writer.listenerCount("error"))).toEqual([1, 1, 1]);
    await stdio.drained;
    await new Promise(setImmediate);
    expect(writers.map((writer) => writer.eventNames())).toEqual(before);
    expect(writers.map(({ writableEnded }) => writableEnded)).toEqual([false, false, false]);
  });

  test("is read on when the logger or a writer fails", async () => {
    const failing = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
    const logger = memoryLogger();
    const info = () => {
      throw new Error("the log is full");
    };
    const running: Running = {
      id: "x",
      stdin: undefined,
      stdout: of(`a\n${LINE}\nb\n`),
      stderr: of("1\n", "2\n"),
      exited: new Promise(() => {}),
      signal() {},
    };
    const stdio = new Stdio(running, { ...NO_STDIO, stderr: failing, syncStdout: failing }, safeLogger({ ...logger, info }), SOURCE);
    expect(await stdio.announcement).toBe(LINE);
    await stdio.drained;
    expect(stdio.stderrTail).toBe("1\n2\n");
  });
});
