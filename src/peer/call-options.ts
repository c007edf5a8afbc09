import type { CallOptions } from "../contract/views.js";

/** @throws {RangeError | TypeError} If a call's options cannot be used. */
export function checkCallOptions(method: string, options: CallOptions): void {
  const { signal, progressResetsTimeout } = options;
  for (const name of ["timeoutMs", "maxTotalMs"] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && value > 0)) {
      throw new RangeError(`Cannot call "${method}": ${name} is ${String(value)}, and must be a number above 0`);
    }
  }
  if (progressResetsTimeout !== undefined && typeof progressResetsTimeout !== "boolean") {
    throw new TypeError(`Cannot call "${method}": progressResetsTimeout is ${String(progressResetsTimeout)}, and must be true or false`);
  }
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== "function") {
    throw new TypeError(`Cannot call "${method}": its signal is no AbortSignal`);
  }
}
