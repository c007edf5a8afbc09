import { writeSync } from "node:fs";
import { inspect } from "node:util";
import type { Logger } from "../util/logger.js";

/**
 * A plugin's log: lines on stderr with their level in front, which the host's log keeps. Never stdout: that is read for the
 * announcement, and may be synced to the host's own.
 */
export const stderrLogger: Logger = Object.freeze({
  debug() {},
  info: (message: string, fields?: object) => write("INFO", message, fields),
  warn: (message: string, fields?: object) => write("WARN", message, fields),
  error: (message: string, fields?: object) => write("ERROR", message, fields),
});

function write(level: string, message: string, fields?: object): void {
  const { error, ...rest } = (fields ?? {}) as { error?: unknown };
  const cause = error === undefined ? "" : `: ${error instanceof Error ? (error.stack ?? error.message) : inspect(error)}`;
  const more = Object.keys(rest).length === 0 ? "" : ` ${inspect(rest, { breakLength: Number.POSITIVE_INFINITY })}`;
  writeStderr(`[${level}] ${message}${cause}${more}\n`);
}

/** Writes at once: process.stderr would cost a plugin's start, and lose what is written just before the end. */
export function writeStderr(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody reads it, or it cannot take more now. A plugin must not end for want of a log.
  }
}
