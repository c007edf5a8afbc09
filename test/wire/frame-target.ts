import { readdirSync, readFileSync } from "node:fs";
import { defineContract, implement, method, notification, stream } from "../../src/index.js";
import { PeerConnection } from "../../src/peer/connection.js";
import type { Channel, Receiver } from "../../src/wire/channel.js";
import { linesFrame, mixedFrame } from "../../src/wire/framing/frames.js";
import { FramingReader } from "../../src/wire/framing/framing-reader.js";
import { Outbox } from "../../src/wire/framing/outbox.js";
import { FakeClock } from "../kit/fake-clock.js";
import { memoryLogger } from "../kit/fixtures.js";
import { limitsOf, recordsOf } from "../kit/options.js";

const MAX_BYTES = 4_096;

export type Framing = "lines" | "packets";
export interface CorpusFile {
  /** Says what is expected, with its first word. */
  readonly name: string;
  readonly framing: Framing;
  /** Each begins where a message or a frame does. */
  readonly frames: readonly Buffer[];
}

/** The files of test/corpus, sorted. */
export function readCorpus(): CorpusFile[] {
  const folder = new URL("../corpus/", import.meta.url);
  return readdirSync(folder)
    .sort()
    .flatMap((name): CorpusFile[] => {
      const bytes = readFileSync(new URL(name, folder));
      if (name.endsWith(".lines")) return [{ name, framing: "lines", frames: splitLines(bytes) }];
      return name.endsWith(".frames") ? [{ name, framing: "packets", frames: readFrames(bytes.toString()) }] : [];
    });
}

function splitLines(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    frames.push(bytes.subarray(start, end));
    start = end;
  }
  return frames;
}

/** Frames as people can read them: a comment before each, then lines of hex or of the text as it is. */
function readFrames(text: string): Buffer[] {
  const [, ...frames] = text.split(/^# .*\n/m);
  return frames.map((frame) => {
    const rows = frame.split("\n").slice(0, -1);
    return Buffer.concat(
      rows.map((row) => (/^([0-9a-f]{2} ?)+$/.test(row) ? Buffer.from(row.replaceAll(" ", ""), "hex") : Buffer.from(row))),
    );
  });
}

/** The JSON of each message in frames of a framing that are whole. */
export function messagesIn({ framing, frames }: CorpusFile): string[] {
  return frames.flatMap((frame) => {
    if (framing === "packets" && frame[4] === 1) return [frame.toString("utf8", 9, 9 + frame.readUInt32BE(5))];
    return frame
      .toString("utf8", framing === "packets" ? 5 : 0)
      .split("\n")
      .filter((line) => line !== "");
  });
}

/** A message in a frame of its own, with raw bytes beside it where the framing has a place for them. */
export function frameOf(framing: Framing, message: string, raw: Buffer | undefined): Buffer {
  if (framing === "lines") return Buffer.from(`${message}\n`);
  return raw === undefined ? linesFrame(`${message}\n`) : Buffer.concat(mixedFrame(message, [raw]));
}

/** A channel that reads bytes as a socket's does, with nothing behind it. */
class FrameChannel implements Channel {
  readonly sent: string[] = [];
  readonly #reader = new FramingReader(MAX_BYTES);
  #receiver!: Receiver;
  #ended = false;

  constructor(framing: Framing) {
    const nothing = { isOpen: () => false, write: () => true, drained() {}, stalled() {}, broke() {} };
    if (framing === "packets") this.#reader.frameSwitch(new Outbox(nothing, new FakeClock(), 1_000)).receive();
  }

  send(message: string): number {
    if (!this.#ended) this.sent.push(message);
    return 0;
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver;
    this.#reader.receiver = receiver;
  }

  pause(): void {}

  resume(): void {}

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reader.stop();
    queueMicrotask(() => this.#receiver.closed(undefined, 0));
  }

  /** True while the beginning of a message is held. */
  get partial(): boolean {
    return this.#reader.partial;
  }

  feed(chunk: Buffer): void {
    this.#reader.push(chunk);
  }
}

const kv = defineContract("kv", {
  echo: method<unknown, unknown>(),
  wait: method<void, void>(),
  use: method<any, unknown>(),
  count: stream<{ to: number }, number>(),
  note: notification<unknown>(),
});
const implementation = implement(kv, {
  echo: (input) => input,
  wait: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  use: async (input) => {
    const answers = [await input?.ask?.("?")];
    for await (const item of input?.items ?? []) answers.push(item);
    return answers;
  },
  async *count(input) {
    for (let number = 0; number < Math.min(Number(input?.to), 10_000); number++) yield number;
  },
  note: () => {},
});
const theirs = defineContract("theirs", { work: method<any, unknown>(), watch: stream<void, unknown>() });

/**
 * A proven connection with something of each kind going on: call 0 of ours, which lent function 0 and stream 0, and call 1, which was
 * answered with stream 0 of theirs.
 */
export async function openTarget(framing: Framing) {
  const channel = new FrameChannel(framing);
  const limits = limitsOf({ maxMessageBytes: MAX_BYTES });
  const clock = new FakeClock();
  const options = { limits, clock, logger: memoryLogger(), validate: true, callTimeoutMs: 60_000, other: 'plugin "kv"' };
  const connection = new PeerConnection(channel, options);
  const { peer } = connection;
  connection.learn({ provided: [{ name: "theirs", members: { work: { kind: "method" }, watch: { kind: "stream" } } }] });
  connection.provide(recordsOf([implementation]));
  peer.trust();
  peer.activate();
  const { work, watch } = connection.dispense(theirs);
  const items = (async function* () {
    for (let number = 0; number < 3; number++) yield number;
  })();
  work({ ask: (question: unknown) => question, items }).catch(() => {});
  const reading = readAll(watch());
  say(channel, framing, '{"jsonrpc":"2.0","id":1,"result":{"stream":0}}');
  await turn();
  return {
    channel,
    peer,
    /** Says whether it still answers, as it must while it is open and between two messages. */
    answersPing(): boolean {
      channel.sent.length = 0;
      say(channel, framing, '{"jsonrpc":"2.0","id":"last","method":"rpc.ping"}');
      return channel.sent.includes('{"jsonrpc":"2.0","id":"last","result":"pong"}');
    },
    /** Closes it. Resolves with why it was closed, and with what is left behind. */
    async end() {
      const reason = await connection.close();
      await reading;
      clock.runSoon(); // A producer that keeps its turn for long rests until then.
      await turn();
      return { reason, left: [peer.pending, peer.running, peer.openStreams, peer.lentFunctions] };
    },
  };
}

async function readAll(items: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of items);
  } catch {
    // The other side broke it, or the connection ended.
  }
}

function say(channel: FrameChannel, framing: Framing, message: string): void {
  channel.feed(frameOf(framing, message, undefined));
}

/** Lets what can go on do so. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
