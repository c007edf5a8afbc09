import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { LogEntry } from "./log-entry.js";

// Of what comes while nobody reads; the oldest go first.
const MAX_WAITING = 1_024;
type Step = IteratorResult<LogEntry, undefined>;

/** Records as they come, for one reader that may be slow: it is told how many it missed. */
export class LogReader {
  readonly #signal: AbortSignal | undefined;
  #waiting: LogEntry[] = [];
  #asking: (() => void) | undefined;
  #leftOut = 0;
  #ended = false;
  readonly #end = (): void => this.end();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    if (signal?.aborted) this.#ended = true;
    else if (signal !== undefined) addAbortTask(signal, this.#end);
  }

  push(entry: LogEntry): void {
    if (this.#ended) return;
    this.#waiting.push(entry);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#leftOut++;
    }
    this.#asking?.();
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#signal !== undefined) removeAbortTask(this.#signal, this.#end);
    this.#asking?.();
  }

  /** The next, once there is one; done when it has ended. */
  async next(): Promise<Step> {
    while (this.#waiting.length === 0) {
      if (this.#ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#asking = resolve;
      });
      this.#asking = undefined;
    }
    const entry = this.#waiting.shift() as LogEntry;
    const leftOut = this.#leftOut + (entry.leftOut ?? 0);
    this.#leftOut = 0;
    return { done: false, value: leftOut === 0 ? entry : { ...entry, leftOut } };
  }
}
