import type { Clock } from "../../util/clock.js";
import { type LogEntry, parseEntry } from "./log-entry.js";
import type { OpenedLines, RotatedFile } from "./rotated-file.js";

// What waits for the disk.
const MAX_WAITING = 10_000;
const MAX_WAITING_BYTES = 4 * 2 ** 20;
const BATCH_BYTES = 256 * 1_024;
// A disk that is full is asked again this often.
const RETRY_MS = 1_000;

interface Waiting {
  readonly entry: LogEntry;
  readonly line: string;
}

/** Records of a log that is open. Whoever opens it closes it. */
export interface OpenedEntries {
  /** The newest first. */
  readonly entries: AsyncIterable<LogEntry>;
  close(): Promise<void>;
}

export interface PluginLogOptions {
  readonly file: RotatedFile;
  readonly clock: Clock;
  /** Told once of a disk that takes nothing, and anew once it has taken something since. */
  onFailure(error: unknown): void;
}

/** The log of one plugin: written in batches, kept in memory while the disk is full, handed to those who follow. */
export class PluginLog {
  readonly #options: PluginLogOptions;
  readonly #followers = new Set<(entry: LogEntry) => void>();
  /** How many wait to read. */
  #asking = 0;
  /** A batch on its way to the disk. */
  #appending: Promise<void> | undefined;
  /** Files that are being opened. */
  #held: Promise<void> | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #lostInAll = 0;
  #failed = false;
  #writing: Promise<void> | undefined;
  #stopRetry: () => void = () => {};

  constructor(options: PluginLogOptions) {
    this.#options = options;
  }

  /** Records that neither disk nor memory had room for. */
  get lost(): number {
    return this.#lostInAll;
  }

  add(entry: LogEntry): void {
    const line = `${JSON.stringify(entry)}\n`;
    this.#waiting.push({ entry, line });
    this.#waitingBytes += line.length;
    while (this.#waiting.length > MAX_WAITING || this.#waitingBytes > MAX_WAITING_BYTES) {
      const { entry: dropped, line: text } = this.#waiting.shift() as Waiting;
      this.#waitingBytes -= text.length;
      // What it was to tell of those before it, the next one tells.
      this.#lost += 1 + (dropped.leftOut ?? 0);
      this.#lostInAll++;
    }
    for (const follower of this.#followers) follower(entry);
    if (!this.#failed) this.#write();
  }

  /** Writes what a full disk left, a last time. */
  async close(): Promise<void> {
    this.#stopRetry();
    await this.#writing;
    if (this.#waiting.length > 0) await this.#writeAll().catch(() => {});
  }

  /**
   * What there is now, the newest first, and what comes from now on to `follow`: between the two nothing is lost, and nothing is there twice.
   */
  async read(follow: ((entry: LogEntry) => void) | undefined): Promise<OpenedEntries> {
    this.#asking++;
    // Between two batches, so that what is in the file is known.
    while (this.#appending !== undefined) await this.#appending.catch(() => {});
    this.#asking--;
    const waiting = this.#waiting.map(({ entry }) => entry).reverse();
    if (follow !== undefined) this.#followers.add(follow);
    const opened = this.#options.file.openBackwards();
    this.#hold(opened);
    return entriesOf(waiting, await opened);
  }

  /** Hands on what comes from now on. */
  follow(follow: (entry: LogEntry) => void): void {
    this.#followers.add(follow);
  }

  unfollow(follow: (entry: LogEntry) => void): void {
    this.#followers.delete(follow);
  }

  /** Nothing is written until the files are opened. */
  #hold(opened: Promise<unknown>): void {
    const before = this.#held;
    const held = Promise.allSettled([before, opened]).then(() => {
      if (this.#held === held) this.#held = undefined;
    });
    this.#held = held;
  }

  #write(): void {
    this.#writing ??= this.#writeAll()
      .catch((error: unknown) => this.#onFailure(error))
      .then(() => {
        this.#writing = undefined;
        if (this.#waiting.length > 0 && !this.#failed) this.#write();
      });
  }

  async #writeAll(): Promise<void> {
    // What is said in this turn goes in one batch.
    await undefined;
    while (this.#waiting.length > 0) {
      // Who reads has its turn, though more is said all the time.
      while (this.#held !== undefined || this.#asking > 0) await this.#held;
      const batch = this.#takeBatch();
      this.#appending = this.#options.file.append(batch.map(({ line }) => line).join("")).then(
        () => {
          this.#appending = undefined;
          this.#failed = false;
        },
        (error: unknown) => {
          this.#appending = undefined;
          this.#waiting = [...batch, ...this.#waiting];
          this.#waitingBytes += sizeOf(batch);
          throw error;
        },
      );
      await this.#appending;
    }
  }

  /** What was lost is told by the first record that is kept after it. */
  #takeBatch(): Waiting[] {
    const [first] = this.#waiting as [Waiting];
    if (this.#lost > 0) {
      const entry = { ...first.entry, leftOut: this.#lost };
      this.#waiting[0] = { entry, line: `${JSON.stringify(entry)}\n` };
      this.#lost = 0;
    }
    let bytes = 0;
    let count = 0;
    while (count < this.#waiting.length && bytes < BATCH_BYTES) bytes += (this.#waiting[count++] as Waiting).line.length;
    const batch = this.#waiting.splice(0, count);
    this.#waitingBytes = sizeOf(this.#waiting);
    return batch;
  }

  #onFailure(error: unknown): void {
    if (!this.#failed) this.#options.onFailure(error);
    this.#failed = true;
    this.#stopRetry = this.#options.clock.after(RETRY_MS, () => this.#write());
  }
}

function sizeOf(waiting: readonly Waiting[]): number {
  return waiting.reduce((sum, { line }) => sum + line.length, 0);
}

/** Closes the files, though nothing of it is ever asked for: a generator that was not begun does not. */
function entriesOf(waiting: readonly LogEntry[], { lines, close }: OpenedLines): OpenedEntries {
  async function* read(): AsyncGenerator<LogEntry> {
    yield* waiting;
    for await (const line of lines) {
      const entry = parseEntry(line);
      if (entry !== undefined) yield entry;
    }
  }
  return { entries: read(), close };
}
