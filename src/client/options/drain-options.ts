import { namesIn } from "../../util/options/names.js";
import { patience } from "../../util/options/numbers.js";
import { readOptions } from "../../util/options/source.js";

/** How long running calls are waited for. */
export interface DrainOptions {
  /**
   * How long calls may take to finish; `Infinity` waits for ever.
   * @default the client's `callTimeoutMs`
   * @throws {RangeError} If it is below 0.
   */
  readonly timeoutMs?: number | undefined;
}

const NAMES: ReadonlySet<string> = namesIn("timeoutMs");

/** @throws {TypeError | RangeError} If the options of drain() cannot be used. */
export function checkDrainOptions(shown: string, options: DrainOptions): void {
  patience(readOptions(`Cannot drain plugin "${shown}"`, options, NAMES), "timeoutMs", undefined, { zero: true });
}
