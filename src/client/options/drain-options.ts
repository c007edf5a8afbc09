import { namesIn } from "../../util/options/names.js";
import { patience } from "../../util/options/numbers.js";
import { readOptions } from "../../util/options/source.js";

export interface DrainOptions {
  /** How long calls may take to finish, in milliseconds; `Infinity` waits for ever. @default the client's `callTimeoutMs` */
  readonly timeoutMs?: number | undefined;
}

const NAMES: ReadonlySet<string> = namesIn("timeoutMs");

/** @throws {TypeError | RangeError} If the options of drain() cannot be used. */
export function checkDrainOptions(shown: string, options: DrainOptions): void {
  patience(readOptions(`Cannot drain plugin "${shown}"`, options, NAMES), "timeoutMs", undefined, { zero: true });
}
