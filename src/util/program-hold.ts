import { clearInterval, setInterval } from "./timers.js";

/** Keeps the program alive while something waits for which no socket does. */
export interface ProgramHold {
  take(): void;
  /** Once for each take(). */
  release(): void;
}

// As long as a timer can be.
const LONGEST_MS = 2 ** 31 - 1;

/** Makes a hold that several may take at a time. */
export function programHold(): ProgramHold {
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    take() {
      if (count++ === 0) timer = setInterval(() => {}, LONGEST_MS);
    },
    release() {
      if (--count === 0) clearInterval(timer);
    },
  };
}
