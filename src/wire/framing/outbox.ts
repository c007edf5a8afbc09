import type { Clock } from "../../util/clock.js";
import { FrameScratch, linesFrame, mixedFrame, textFrame } from "./frames.js";
import { joinLines } from "./join-lines.js";
import { UnsentBytes } from "./unsent-bytes.js";

/** The pipe that an outbox writes to. */
export interface Pipe {
  /** False once nothing that is written can leave any more. */
  isOpen(): boolean;
  /**
   * Hands a batch of lines, or the pieces of a part of one, to the system. True if all was taken at once; else `taken()` is called later.
   * @param encoding Of a text; latin1 is a character for each byte.
   */
  write(data: string | readonly Buffer[], isLastPart: boolean, encoding: "utf8" | "latin1"): boolean;
  /** Everything was taken. */
  drained(): void;
  /** The other side has taken nothing for so long. */
  stalled(ms: number): void;
  /** What is next cannot be written, as there is no memory for it: nothing after it may be either. */
  broke(cause: Error): void;
}

/** Lines of one tick leave together, up to this length: the other side reads them all in one turn. */
export const JOINED_LENGTH: number = 64 * 1024;

/** A longer line is written in parts of this length. */
// More in one write would be copied as a whole before its first byte leaves, and hide whether the other side reads at all.
export const BATCH_LENGTH: number = 256 * 1024;

// The timeout passes in so many steps. A process that was itself held up, by a sleep or a debugger, is late for one of them alone,
// and then finds out what the other side has taken meanwhile.
const STALL_STEPS = 4;

/** Raw bytes are written in parts of this length: each costs a turn of the event loop where the other side is slower. */
const RAW_LENGTH = 1024 * 1024;

interface Batch {
  /** Lines, or one frame with raw bytes in it. */
  readonly content: string | UnsentBytes;
  readonly messageCount: number;
  readonly length: number;
  readonly asFrame: boolean;
}

/** The time that an outbox needs. */
export type OutboxClock = Pick<Clock, "after" | "endOfTick">;

/** What is to be sent over one connection and was not yet handed to the system. */
export class Outbox {
  readonly #pipe: Pipe;
  readonly #clock: OutboxClock;
  readonly #stallTimeoutMs: number;
  /** Full batches, oldest first, and the one that is being filled. */
  #batches: Batch[] = [];
  #lines: string[] = [];
  /** With their ends. */
  #linesLength = 0;
  #queuedLength = 0;
  #queuedCount = 0;
  /** What of a long batch, or of raw bytes, is still to be written. */
  #long: UnsentBytes | undefined;
  #asFrames = false;
  readonly #scratch = new FrameScratch();
  #inFlight = 0;
  #isScheduled = false;
  #isHeld = false;
  #stopStallWatch: (() => void) | undefined;

  /** @param stallTimeoutMs How long the pipe may take nothing. */
  constructor(pipe: Pipe, clock: OutboxClock, stallTimeoutMs: number) {
    this.#pipe = pipe;
    this.#clock = clock;
    this.#stallTimeoutMs = stallTimeoutMs;
  }

  /** True while the system has not taken what was last handed to it. */
  get isWriting(): boolean {
    return this.#inFlight > 0;
  }

  /** How many messages wait of which no byte was handed to the system. */
  get unwritten(): number {
    return this.#queuedCount;
  }

  /** Queues a line for the end of this tick. Returns the length of all that the system has not taken. */
  send(line: string, bytes?: readonly Uint8Array[]): number {
    if (bytes === undefined || !this.#asFrames) {
      const length = line.length + 1;
      if (this.#lines.length > 0 && this.#linesLength + length > JOINED_LENGTH) this.#seal();
      this.#lines.push(line);
      this.#linesLength += length;
      this.#queuedLength += length;
    } else this.#queueMixed(new UnsentBytes(mixedFrame(line, bytes)));
    this.#queuedCount++;
    if (!this.#isScheduled && !this.#isHeld) {
      this.#isScheduled = true;
      this.#clock.endOfTick(this.flush);
    }
    return this.#queuedLength + this.#inFlight + (this.#long?.length ?? 0);
  }

  /** Copies raw bytes that wait: the caller may change them from now on. */
  copyBytes(): void {
    this.#long?.copy();
    for (const { content } of this.#batches) if (typeof content !== "string") content.copy();
  }

  /** What is sent from now on leaves as frames. */
  sendFrames(): void {
    if (this.#lines.length > 0) this.#seal();
    this.#asFrames = true;
  }

  #queueMixed(content: UnsentBytes): void {
    if (this.#lines.length > 0) this.#seal();
    const { length } = content;
    this.#batches.push({ content, messageCount: 1, length, asFrame: true });
    this.#queuedLength += length;
  }

  /** What is sent until release() waits for that, and for the end of the tick no more: while input is read, which is mostly answered at once. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (this.#queuedCount > 0 && !this.#isScheduled) this.flush();
  }

  /** Writes what waits, as far as the system takes it. */
  readonly flush = (): void => {
    this.#isScheduled = false;
    if (this.#inFlight > 0) return;
    do {
      // Each write may be the one that finds the pipe broken.
      if (!this.#pipe.isOpen()) return;
      try {
        if (this.#queuedCount > 0 || this.#long !== undefined) this.#writeNext();
      } catch (cause) {
        // At the end of a tick what is thrown would end the process.
        return this.#pipe.broke(cause as Error);
      }
      if (this.#inFlight > 0) return this.#watchStall();
    } while (this.#queuedCount > 0 || this.#long !== undefined);
    this.#pipe.drained();
  };

  /** The system took what was last written. */
  taken(): void {
    if (this.#inFlight === 0) return;
    this.#inFlight = 0;
    this.stop();
    this.flush();
  }

  /** Ends the watch over the other side. */
  stop(): void {
    this.#stopStallWatch?.();
    this.#stopStallWatch = undefined;
  }

  #writeNext(): void {
    if (this.#long !== undefined) return this.#handPart(this.#long);
    const batch = this.#batches.shift();
    if (batch === undefined) return this.#writeText();
    this.#queuedCount -= batch.messageCount;
    this.#queuedLength -= batch.length;
    if (typeof batch.content === "string") this.#handText(batch.content, batch.asFrame);
    else this.#handPart(batch.content);
  }

  /** The batch that is being filled, as it is. */
  #writeText(): void {
    this.#queuedCount -= this.#lines.length;
    this.#queuedLength -= this.#linesLength;
    this.#handText(this.#takeLines(), this.#asFrames);
  }

  #handText(text: string, asFrame: boolean): void {
    const frame = asFrame ? textFrame(text) : undefined;
    if (frame !== undefined) this.#hand(frame, frame.length, true, "latin1");
    else if (text.length > BATCH_LENGTH) this.#handPart(new UnsentBytes([asFrame ? linesFrame(text) : Buffer.from(text)]));
    else if (asFrame) this.#handFrame(text);
    else this.#hand(text, text.length, true);
  }

  #handFrame(lines: string): void {
    // Nothing is handed over while the system needs what was handed before: the memory is free again by then.
    const frame = this.#scratch.frame(lines);
    this.#hand([frame], frame.length, true);
  }

  #handPart(long: UnsentBytes): void {
    const { pieces, length } = long.take(long.isWithin(RAW_LENGTH) ? BATCH_LENGTH : RAW_LENGTH);
    this.#long = long.length > 0 ? long : undefined;
    this.#hand(pieces, length, this.#long === undefined);
  }

  #hand(data: string | readonly Buffer[], length: number, isLastPart: boolean, encoding: "utf8" | "latin1" = "utf8"): void {
    // Most often the system takes it at once, and then nothing has to be waited for.
    if (!this.#pipe.write(data, isLastPart, encoding)) this.#inFlight = length;
  }

  #seal(): void {
    const [messageCount, length] = [this.#lines.length, this.#linesLength];
    this.#batches.push({ content: this.#takeLines(), messageCount, length, asFrame: this.#asFrames });
  }

  #takeLines(): string {
    const lines = this.#lines;
    this.#lines = [];
    this.#linesLength = 0;
    return joinLines(lines);
  }

  #watchStall(): void {
    this.stop();
    this.#watchStep(STALL_STEPS);
  }

  #watchStep(stepsLeft: number): void {
    const ms = this.#stallTimeoutMs;
    this.#stopStallWatch = this.#clock.after(ms / STALL_STEPS, () => {
      if (stepsLeft > 1) this.#watchStep(stepsLeft - 1);
      else this.#pipe.stalled(ms);
    });
  }
}
