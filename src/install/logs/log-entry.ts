import type { LogLevel } from "../../util/logger.js";

/** One record of a plugin's log. */
export interface LogEntry {
  /** As ISO 8601, by the host's clock. */
  readonly time: string;
  /** Whose it is. */
  readonly plugin: string;
  /** How grave it is. */
  readonly level: LogLevel;
  /** What it says. */
  readonly message: string;
  /** What it says for programs. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** How many records before this one the reader was too slow for, or the disk had no room for. */
  readonly leftOut?: number;
}

/** Which records of the logs are read. */
export interface LogQuery {
  /** Whose. @default all plugins' */
  readonly plugin?: string | undefined;
  /** As grave as this, or graver. @default all */
  readonly level?: LogLevel | undefined;
  /** None that is older: a date, or milliseconds before now. @default as old as there are */
  readonly since?: Date | number | undefined;
  /** A text in the message, of either case, or a pattern. @default any */
  readonly match?: string | RegExp | undefined;
  /** How many of the last that fit, from 0 to 100_000. @default 1_000 */
  readonly tail?: number | undefined;
  /** Go on with those that come. @default false */
  readonly follow?: boolean | undefined;
  /** Ends the reading. @default none */
  readonly signal?: AbortSignal | undefined;
}

const GRAVITY: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

/** What says whether a record is asked for. */
export function filterOf({ level, match }: Pick<LogQuery, "level" | "match">): (entry: LogEntry) => boolean {
  const least = level === undefined ? 0 : GRAVITY[level];
  const text = typeof match === "string" ? match.toLowerCase() : undefined;
  // A pattern that remembers where it was would miss every other record.
  const pattern = match instanceof RegExp ? new RegExp(match.source, match.flags.replace(/[gy]/g, "")) : undefined;
  return ({ level: own, message }) =>
    GRAVITY[own] >= least &&
    (text === undefined || message.toLowerCase().includes(text)) &&
    (pattern === undefined || pattern.test(message));
}

/** Reads a line of a log. Undefined where it is none: the end of one that the disk had no room for. */
export function parseEntry(line: string): LogEntry | undefined {
  try {
    const entry = JSON.parse(line) as LogEntry;
    return typeof entry.time === "string" && typeof entry.message === "string" && Object.hasOwn(GRAVITY, entry.level) ? entry : undefined;
  } catch {
    return undefined;
  }
}
