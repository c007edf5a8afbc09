/** The pipe that an outbox writes to. */
export interface Pipe {
  /** False once nothing that is written can leave any more. */
  isOpen(): boolean;
  /** Hands a batch of lines, or a part of one, to the system. True if it was taken at once; else `taken()` is called later. */
  write(data: string | Buffer, isLastPart: boolean): boolean;
  /** Everything was taken. */
  drained(): void;
  /** The other side has taken nothing for so long. */
  stalled(ms: number): void;
}

/** Lines of one tick leave together, up to this length. A longer one is written in parts of it. */
// More in one write would be copied as a whole before its first byte leaves, and hide whether the other side reads at all.
export const BATCH_LENGTH: number = 256 * 1024;

// The timeout passes in so many steps. A process that was itself held up, by a sleep or a debugger, is late for one of them alone,
// and then finds out what the other side has taken meanwhile.
const STALL_STEPS = 4;

interface Batch {
  readonly text: string;
  readonly messageCount: number;
}

/** What is to be sent over one connection and was not yet handed to the system. */
export class Outbox {
  readonly #pipe: Pipe;
  readonly #stallTimeoutMs: number;
  /** Full batches, oldest first, and the one that is being filled. */
  #batches: Batch[] = [];
  #text = "";
  #textCount = 0;
  #queuedLength = 0;
  #queuedCount = 0;
  /** A long batch, encoded, of which parts are still to be written. */
  #long: Buffer | undefined;
  #inFlight = 0;
  #scheduled = false;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(pipe: Pipe, stallTimeoutMs: number) {
    this.#pipe = pipe;
    this.#stallTimeoutMs = stallTimeoutMs;
  }

  /** True while the system has not taken what was last handed to it. */
  get isWriting(): boolean {
    return this.#inFlight > 0;
  }

  /** Messages of which no byte was handed to the system. */
  get unwritten(): number {
    return this.#queuedCount;
  }

  /** Queues a line for the end of this tick. Returns the length of all that the system has not taken. */
  send(line: string): number {
    if (this.#textCount > 0 && this.#text.length + line.length >= BATCH_LENGTH) this.#seal();
    this.#text += `${line}\n`;
    this.#textCount++;
    this.#queuedCount++;
    this.#queuedLength += line.length + 1;
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(flush, this);
    }
    return this.#queuedLength + this.#inFlight + (this.#long?.length ?? 0);
  }

  /** Writes what waits, as far as the system takes it. */
  flush(): void {
    this.#scheduled = false;
    if (this.#inFlight > 0) return;
    while (this.#pipe.isOpen()) {
      if (!this.#writeNext()) return this.#pipe.drained();
      if (this.#inFlight > 0) return this.#watchStall();
    }
  }

  /** The system took what was last written. */
  taken(): void {
    if (this.#inFlight === 0) return;
    this.#inFlight = 0;
    clearInterval(this.#stallTimer);
    this.flush();
  }

  /** Ends the watch over the other side. */
  stop(): void {
    clearInterval(this.#stallTimer);
  }

  /** False if nothing waits. */
  #writeNext(): boolean {
    if (this.#long === undefined) {
      if (this.#textCount > 0 && this.#batches.length === 0) this.#seal();
      const batch = this.#batches.shift();
      if (batch === undefined) return false;
      this.#queuedCount -= batch.messageCount;
      this.#queuedLength -= batch.text.length;
      if (batch.text.length <= BATCH_LENGTH) {
        this.#hand(batch.text, true);
        return true;
      }
      this.#long = Buffer.from(batch.text);
    }
    const part = this.#long.subarray(0, BATCH_LENGTH);
    const isLast = part.length === this.#long.length;
    this.#long = isLast ? undefined : this.#long.subarray(BATCH_LENGTH);
    this.#hand(part, isLast);
    return true;
  }

  #hand(data: string | Buffer, isLastPart: boolean): void {
    // Most often the system takes it at once, and then nothing has to be waited for.
    if (!this.#pipe.write(data, isLastPart)) this.#inFlight = data.length;
  }

  #seal(): void {
    this.#batches.push({ text: this.#text, messageCount: this.#textCount });
    this.#text = "";
    this.#textCount = 0;
  }

  #watchStall(): void {
    const ms = this.#stallTimeoutMs;
    let stepsLeft = STALL_STEPS;
    this.#stallTimer = setInterval(() => {
      if (--stepsLeft === 0) this.#pipe.stalled(ms);
    }, ms / STALL_STEPS);
    this.#stallTimer.unref();
  }
}

function flush(outbox: Outbox): void {
  outbox.flush();
}
