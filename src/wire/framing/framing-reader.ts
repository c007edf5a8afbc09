import { maxRawBytes } from "../attachments.js";
import type { FrameSwitch, Receiver } from "../channel.js";
import { FrameReader } from "./frame-reader.js";
import { LineError, LineReader, whyUnreadable } from "./lines.js";
import type { Outbox } from "./outbox.js";

const NEWLINE = 10;

/** What a channel reads: lines at first, and frames from where the two sides agreed to turn to them. */
export class FramingReader {
  /** What is read goes there. Set before the first chunk. */
  receiver: Receiver | undefined;
  /** Bytes that the frame lacks whose beginning is held; 0 where its length is not known. */
  missing = 0;
  readonly #lines: LineReader;
  readonly #onLong: (() => void) | undefined;
  #frames: FrameReader | undefined;
  /** After any line it may turn out that frames follow. */
  #oneByOne = false;
  #stopped = false;

  /**
   * @param maxMessageBytes The longest line to take, until allow().
   * @param onLong Called before memory is taken for a frame of more than 256 KiB.
   */
  constructor(maxMessageBytes: number, onLong?: () => void) {
    this.#lines = new LineReader(maxMessageBytes);
    this.#onLong = onLong;
  }

  /** True while the beginning of a message is held. */
  get partial(): boolean {
    return this.#lines.partial || this.#frames?.partial === true;
  }

  /** The longest message to take from now on. Told before frames come. */
  allow(maxMessageBytes: number): void {
    this.#lines.maxBytes = maxMessageBytes;
  }

  /** How a channel turns its directions to frames. @param outbox What the same channel sends with. */
  frameSwitch(outbox: Outbox): FrameSwitch {
    return {
      expect: () => {
        this.#oneByOne = true;
      },
      receive: () => {
        const { maxBytes } = this.#lines;
        this.#frames = new FrameReader({ maxMessageBytes: maxBytes, maxRawBytes: maxRawBytes(maxBytes), onLong: this.#onLong });
      },
      receiveLines: () => {
        this.#oneByOne = false;
      },
      send: () => outbox.sendFrames(),
    };
  }

  /** Hands over nothing more, also of the chunk that is being read. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Takes a chunk, whose memory may be used again once this returns.
   * @param length How much of the memory it takes. @default all
   */
  push(memory: Buffer, length: number = memory.length): void {
    if (this.#stopped) return;
    const reader = this.#frames;
    if (reader === undefined) return this.#readUnframed(partOf(memory, length));
    let lines: string | undefined;
    try {
      lines = reader.only(memory, length);
    } catch (error) {
      return this.#refuse(error);
    }
    if (lines !== undefined) return this.receiver?.lines(lines);
    this.#readFrames(reader, partOf(memory, length));
    this.missing = reader.missing;
  }

  #readUnframed(chunk: Buffer): void {
    if (this.#oneByOne) this.#readOneByOne(chunk);
    else this.#readLines(chunk);
  }

  #readLines(chunk: Buffer): void {
    let text: string | undefined;
    try {
      text = this.#lines.push(chunk);
    } catch (error) {
      return this.#refuse(error);
    }
    if (text !== undefined) this.receiver?.lines(text);
  }

  #readOneByOne(chunk: Buffer): void {
    let rest = chunk;
    while (this.#oneByOne && this.#frames === undefined && !this.#stopped) {
      const end = rest.indexOf(NEWLINE) + 1;
      if (end === 0 || end === rest.length) return this.#readLines(rest);
      this.#readLines(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    this.push(rest);
  }

  #readFrames(reader: FrameReader, chunk: Buffer): void {
    const frames = reader.push(chunk);
    while (!this.#stopped) {
      let step: ReturnType<typeof frames.next>;
      try {
        step = frames.next();
      } catch (error) {
        return this.#refuse(error);
      }
      if (step.done === true) return;
      if ("text" in step.value) this.receiver?.lines(step.value.text);
      else this.receiver?.frame?.(step.value.message, step.value.bytes);
    }
  }

  #refuse(error: unknown): void {
    if (error instanceof LineError && error.before !== undefined) this.receiver?.lines(error.before);
    this.receiver?.violated?.(whyUnreadable(error));
  }
}

function partOf(memory: Buffer, length: number): Buffer {
  return length === memory.length ? memory : memory.subarray(0, length);
}
