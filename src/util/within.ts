import type { Clock } from "./clock.js";

/** Settles as `work` does, or rejects with an error of its own after so long. */
export function within<T>(work: Promise<T>, ms: number, clock: Clock, errorOf: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = clock.after(ms, () => reject(errorOf()));
    work.finally(stop).then(resolve, reject);
  });
}
