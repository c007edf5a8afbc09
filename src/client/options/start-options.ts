import { faultOfOptions } from "../../util/plain-options.js";
import { showValue } from "../../util/show-value.js";

/** How long one caller of start() waits. */
export interface StartOptions {
  /** Ends this caller's wait with the signal's reason, and not the start. @default none */
  readonly signal?: AbortSignal | undefined;
}

const NAMES = new Set(["signal"]);

/** @throws {TypeError} If the options of start() cannot be used. */
export function checkStartOptions(shown: string, options: StartOptions): void {
  const fault = faultOfOptions(options, NAMES) ?? faultOfSignal(options.signal);
  if (fault !== undefined) throw new TypeError(`Cannot start plugin "${shown}": ${fault}`);
}

function faultOfSignal(signal: Partial<AbortSignal> | null | undefined): string | undefined {
  if (signal === undefined) return undefined;
  const isSignal = typeof signal?.throwIfAborted === "function" && typeof signal.addEventListener === "function";
  return isSignal ? undefined : `signal is ${showValue(signal)}, and it must be an AbortSignal`;
}
