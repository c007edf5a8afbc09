import type { CallOptions } from "../contract/views.js";

/** @throws {RangeError | TypeError} If a call's options cannot be used. */
export function checkCallOptions(method: string, { timeoutMs, signal }: CallOptions): void {
  if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0)) {
    throw new RangeError(`Cannot call "${method}": timeoutMs is ${String(timeoutMs)}, and must be a number above 0`);
  }
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== "function") {
    throw new TypeError(`Cannot call "${method}": its signal is no AbortSignal`);
  }
}
