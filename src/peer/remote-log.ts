import type { LogLevel } from "../util/logger.js";
import { escapeLine, escapeTexts } from "../util/text/escape-controls.js";
import { cutText, type PeerLog } from "./peer-log.js";

// As much as of a line of stderr.
const MAX_BYTES = 8 * 1024;

/** The other side's `rpc.log` records, into our log: as few, as short and as harmless as the lines of a plugin's stderr. */
export class RemoteLog {
  readonly #log: PeerLog;

  constructor(log: PeerLog) {
    this.#log = log;
  }

  /** The level is the record's own word; what is no level counts as info. */
  take(record: unknown): void {
    const { level, message, fields } = (record ?? {}) as { level?: unknown; message?: unknown; fields?: unknown };
    if (typeof message !== "string" || !this.#log.admit()) return;
    const text = escapeLine(cutText(message, MAX_BYTES));
    const isLong = leftAfter(fields, MAX_BYTES) < 0;
    this.#log.write(levelOf(level), isLong ? `${text}… (its fields were cut)` : text, isLong ? {} : fieldsOf(fields));
  }
}

function levelOf(level: unknown): LogLevel {
  return level === "trace" || level === "debug" || level === "warn" || level === "error" ? level : "info";
}

/** What is left of so many bytes after a value, about as long as its JSON; below zero as soon as that is too long. */
function leftAfter(value: unknown, bytes: number): number {
  if (typeof value === "string") return bytes - Buffer.byteLength(value) - 2;
  if (typeof value !== "object" || value === null) return bytes - String(value).length;
  // Beside the JSON there may be far more of them.
  if (ArrayBuffer.isView(value)) return bytes - value.byteLength;
  let left = bytes - 2;
  for (const [key, member] of Object.entries(value)) {
    left = leftAfter(member, left - Buffer.byteLength(key) - 4);
    if (left < 0) break;
  }
  return left;
}

function fieldsOf(fields: unknown): object {
  return typeof fields === "object" && fields !== null && !Array.isArray(fields) ? (escapeTexts(fields) as object) : {};
}
