import type { CallOptions } from "../../contract/views.js";

/**
 * The options of a call that some time was spent on before it is sent: a deadline begins with the call, and not with its sending.
 * @param mostMs What the call may take in all, where its options do not say.
 */
export function lessSpent(options: CallOptions, mostMs: number, spentMs: number): CallOptions {
  const left = (ms: number): number => Math.max(1, Math.ceil(ms - spentMs));
  return {
    ...options,
    // What each progress gives anew stays what it was.
    timeoutMs: options.progressResetsTimeout === true ? options.timeoutMs : left(options.timeoutMs ?? mostMs),
    maxTotalMs: options.maxTotalMs === undefined ? undefined : left(options.maxTotalMs),
  };
}
