import { faultOfOptions } from "../../util/plain-options.js";
import { showValue } from "../../util/show-value.js";

/** How long running calls are waited for. */
export interface DrainOptions {
  /**
   * How long calls may take to finish; `Infinity` waits for ever.
   * @default the client's `callTimeoutMs`
   * @throws {RangeError} If it is below 0.
   */
  readonly timeoutMs?: number | undefined;
}

const NAMES = new Set(["timeoutMs"]);

/** @throws {TypeError | RangeError} If the options of drain() cannot be used. */
export function checkDrainOptions(shown: string, options: DrainOptions): void {
  const fault = faultOfOptions(options, NAMES);
  if (fault !== undefined) throw new TypeError(`Cannot drain plugin "${shown}": ${fault}`);
  const { timeoutMs } = options;
  if (timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs >= 0)) return;
  const wanted = "a number of milliseconds from 0, or Infinity";
  throw new RangeError(`Cannot drain plugin "${shown}": timeoutMs is ${showValue(timeoutMs)}, and it must be ${wanted}`);
}
