import type { CallOptions } from "../../contract/views.js";
import { flag, isFlag } from "../../util/options/flags.js";
import { hasOnly, namesIn } from "../../util/options/names.js";
import { isPatience, patience } from "../../util/options/numbers.js";
import { isSignal, signal } from "../../util/options/signals.js";
import { readOptions } from "../../util/options/source.js";

const NAMES: ReadonlySet<string> = namesIn("signal timeoutMs progressResetsTimeout maxTotalMs waitReadyMs");

/** @throws {RangeError | TypeError} If a call's options cannot be used. */
export function checkCallOptions(method: string, options: CallOptions): void {
  // Each call with options comes this way: the sentence's parts are made where there is a sentence to make.
  if (!isFine(options)) refuse(method, options);
}

function isFine(options: CallOptions): boolean {
  if (!hasOnly(options, NAMES)) return false;
  const { timeoutMs, maxTotalMs, waitReadyMs, progressResetsTimeout, signal: aborts } = options;
  return (
    (timeoutMs === undefined || isPatience(timeoutMs)) &&
    (maxTotalMs === undefined || isPatience(maxTotalMs)) &&
    (waitReadyMs === undefined || waitReadyMs === 0 || isPatience(waitReadyMs)) &&
    (progressResetsTimeout === undefined || isFlag(progressResetsTimeout)) &&
    (aborts === undefined || isSignal(aborts))
  );
}

function refuse(method: string, options: CallOptions): void {
  const from = readOptions(`Cannot call "${method}"`, options, NAMES);
  for (const name of ["timeoutMs", "maxTotalMs"]) patience(from, name, undefined);
  patience(from, "waitReadyMs", undefined, { zero: true });
  flag(from, "progressResetsTimeout", undefined);
  signal(from, "signal", undefined);
}
