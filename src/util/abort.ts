interface Watch {
  readonly tasks: Set<() => void>;
  readonly listener: () => void;
}
const watches = new WeakMap<AbortSignal, Watch>();

/**
 * Runs `task` when the signal aborts, which it must not have done.
 *
 * One listener serves all tasks of a signal: a thousand calls may share one, and Node.js takes eleven listeners for a leak.
 */
export function addAbortTask(signal: AbortSignal, task: () => void): void {
  let watch = watches.get(signal);
  if (watch === undefined) {
    const tasks = new Set<() => void>();
    const listener = (): void => {
      for (const each of tasks) each();
      watches.delete(signal);
    };
    watch = { tasks, listener };
    watches.set(signal, watch);
    signal.addEventListener("abort", listener, { once: true });
  }
  watch.tasks.add(task);
}

/** Calls a task off. The last one takes the listener with it. */
export function removeAbortTask(signal: AbortSignal, task: () => void): void {
  const watch = watches.get(signal);
  if (!watch?.tasks.delete(task) || watch.tasks.size > 0) return;
  signal.removeEventListener("abort", watch.listener);
  watches.delete(signal);
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts. Leaves no listener behind. */
export function abortable<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    else addAbortTask(signal, onAbort);
    const settle = (how: () => void): void => {
      removeAbortTask(signal, onAbort);
      how();
    };
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
