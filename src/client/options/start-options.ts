import { namesIn } from "../../util/options/names.js";
import { signal } from "../../util/options/signals.js";
import { readOptions } from "../../util/options/source.js";

/** How long one caller of start() waits. */
export interface StartOptions {
  /** Ends this caller's wait, not the start: it rejects with the signal's reason. @default waits until the start is over */
  readonly signal?: AbortSignal | undefined;
}

const NAMES: ReadonlySet<string> = namesIn("signal");

/** @throws {TypeError} If the options of start() cannot be used. */
export function checkStartOptions(shown: string, options: StartOptions): void {
  signal(readOptions(`Cannot start plugin "${shown}"`, options, NAMES), "signal", undefined);
}
