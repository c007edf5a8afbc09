import { isPluginError, type StartStep } from "../../errors.js";
import type { Executable } from "../../executable/executable.js";
import type { Exit } from "../../process/runtime.js";

/** The time for the whole start is over. */
export class TimeUp extends Error {
  readonly ms: number;

  constructor(ms: number) {
    super(`the start took longer than ${ms} ms`);
    this.ms = ms;
  }
}

/** This program wants the plugin no more. */
export class GivenUp extends Error {}

/** What is known of a start that failed. */
export interface Failure {
  readonly error: Error;
  readonly step: StartStep;
  /** How the process ended, if it did by itself. */
  readonly exit: Exit | undefined;
  readonly announced: boolean;
  readonly stderrTail: string;
  /** What was run, where a child process was. */
  readonly executable: Executable | undefined;
  /** What stdout held instead of an announcement. */
  readonly noise: string;
}

/** Says whether an error may be no more than the first sign of the process's end, which is known a moment later. */
export function mayBeExit(error: Error): boolean {
  return isLoss(error) || (!isPluginError(error) && !(error instanceof TimeUp) && !(error instanceof GivenUp));
}

/** Says whether an error is the end of the connection. */
export function isLoss(error: Error): boolean {
  return isPluginError(error, "CONNECTION_LOST") || isPluginError(error, "CONNECTION_CLOSED") || isPluginError(error, "NOT_SENT");
}
