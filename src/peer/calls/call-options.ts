import type { CallOptions } from "../../contract/views.js";
import { faultOfOptions } from "../../util/plain-options.js";
import { showValue } from "../../util/show-value.js";

const NAMES = new Set(["signal", "timeoutMs", "progressResetsTimeout", "maxTotalMs", "waitReadyMs"]);

/** @throws {RangeError | TypeError} If a call's options cannot be used. */
export function checkCallOptions(method: string, options: CallOptions): void {
  const fault = faultOfOptions(options, NAMES);
  if (fault !== undefined) throw new TypeError(`Cannot call "${method}": ${fault}`);
  const { signal, progressResetsTimeout, waitReadyMs } = options;
  for (const name of ["timeoutMs", "maxTotalMs"] as const) {
    const value = options[name];
    if (value !== undefined && !(typeof value === "number" && value > 0)) {
      throw new RangeError(`Cannot call "${method}": ${name} is ${showValue(value)}, and must be a number above 0`);
    }
  }
  if (waitReadyMs !== undefined && !(typeof waitReadyMs === "number" && waitReadyMs >= 0)) {
    throw new RangeError(`Cannot call "${method}": waitReadyMs is ${showValue(waitReadyMs)}, and must be a number from 0`);
  }
  if (progressResetsTimeout !== undefined && typeof progressResetsTimeout !== "boolean") {
    throw new TypeError(`Cannot call "${method}": progressResetsTimeout is ${showValue(progressResetsTimeout)}, and must be true or false`);
  }
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== "function") {
    throw new TypeError(`Cannot call "${method}": its signal is no AbortSignal`);
  }
}
