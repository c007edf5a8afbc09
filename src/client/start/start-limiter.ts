import { availableParallelism } from "node:os";
import { processWide } from "../../util/process-wide.js";
import { clearTimeout, setTimeout } from "../../util/timers.js";

// A plugin that has not announced itself by then waits for something, and whoever waits needs no processor.
const LONGEST_TURN_MS = 5_000;

/** A place among the starts that run at the same time. */
export interface Turn {
  /** Resolves when it is its turn. Never rejects. */
  readonly come: Promise<void>;
  /** Lets the next one start; leaves the queue if its turn had not come. Idempotent. */
  end(): void;
}

/**
 * Lets so many starts run at a time, first come, first served: a hundred at once would each take as long as all of them, and
 * run into their deadlines together.
 */
export class StartLimiter {
  readonly #most: number;
  readonly #longestMs: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor({ most, longestMs }: { readonly most: number; readonly longestMs: number }) {
    this.#most = most;
    this.#longestMs = longestMs;
  }

  take(): Turn {
    let timer: NodeJS.Timeout | undefined;
    let ended = false;
    let begin = (): void => {};
    const come = new Promise<void>((resolve) => {
      begin = () => {
        this.#running++;
        timer = setTimeout(end, this.#longestMs).unref();
        resolve();
      };
    });
    const end = (): void => {
      if (ended) return;
      ended = true;
      if (this.#waiting.delete(begin)) return;
      clearTimeout(timer);
      this.#running--;
      this.#next();
    };
    this.#waiting.add(begin);
    this.#next();
    return { come, end };
  }

  #next(): void {
    if (this.#running >= this.#most) return;
    for (const begin of this.#waiting) {
      this.#waiting.delete(begin);
      return begin();
    }
  }
}

/** The turns of this process, for all its clients. */
export const startLimiter: Pick<StartLimiter, "take"> = processWide("start-limiter/1", () => {
  return new StartLimiter({ most: 2 * availableParallelism(), longestMs: LONGEST_TURN_MS });
});
