import { writeSync } from "node:fs";
import type { Logger } from "../util/logger.js";
import { now } from "../util/timers.js";

// The host cuts a line at 8 KiB, and what is cut is no JSON any more.
const MAX_BYTES = 8 * 1024;
const MAX_MESSAGE = 2 * 1024;
// How long a full pipe may hold us up. Where it is a blocking one, the system waits by itself.
const PATIENCE_MS = 50;

/**
 * A plugin's log: a line of JSON on stderr for each record, in hclog's form, so that the host's log keeps level, fields and stack.
 * Never stdout: that is read for the announcement, and may be synced to the host's own.
 */
export const stderrLogger: Logger = {
  debug() {},
  info: (message: string, fields?: object) => write("info", message, fields),
  warn: (message: string, fields?: object) => write("warn", message, fields),
  error: (message: string, fields?: object) => write("error", message, fields),
};

function write(level: string, message: string, fields: object = {}): void {
  const head = { "@level": level, "@message": message };
  const line = textOf({ ...head, ...fields });
  if (line !== undefined && Buffer.byteLength(line) < MAX_BYTES) return writeStderr(`${line}\n`);
  const short = { ...head, "@message": message.slice(0, MAX_MESSAGE), cut: true };
  writeStderr(`${JSON.stringify(short)}\n`);
}

function textOf(record: object): string | undefined {
  try {
    return JSON.stringify(record, (_key, value: unknown) => (value instanceof Error ? plainError(value) : value));
  } catch {
    return undefined; // A cycle, or a toJSON that throws: the message must not go missing for that.
  }
}

function plainError({ name, message, stack, cause, code }: Error & { code?: unknown }): object {
  return { name, message, code, stack: stack?.slice(0, MAX_MESSAGE), cause };
}

/** Writes at once: process.stderr would cost a plugin's start, and lose what is written just before the end. */
export function writeStderr(text: string): void {
  const bytes = Buffer.from(text);
  const giveUpAt = now() + PATIENCE_MS;
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(2, bytes, at);
    } catch (error) {
      // The pipe has no reader, or a full buffer for too long: a plugin must not end for want of a log.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || now() > giveUpAt) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
