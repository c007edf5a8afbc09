import type { LogLevel } from "../util/logger.js";

const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ["trace", "trace"],
  ["debug", "debug"],
  ["default", "info"],
  ["info", "info"],
  ["notice", "info"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["error", "error"],
  ["severe", "error"],
  ["critical", "error"],
  ["alert", "error"],
  ["emergency", "error"],
  ["fatal", "error"],
  ["panic", "error"],
  ["dpanic", "error"],
]);

/** The level that a word names, in whatever case. */
export function levelOfWord(word: string): LogLevel | undefined {
  return LEVELS.get(word.toLowerCase());
}

/** Of a number as pino and bunyan have it, from 10 to 60. */
export function levelOfNumber(value: number): LogLevel | undefined {
  if (!(value >= 10 && value <= 60)) return undefined;
  if (value < 20) return "trace";
  if (value < 30) return "debug";
  if (value < 40) return "info";
  return value < 50 ? "warn" : "error";
}

/** Of syslog's priority, whose three last bits are the severity. @see RFC 5424, section 6.2.1 */
export function levelOfPriority(priority: number): LogLevel | undefined {
  if (priority > 191) return undefined;
  const severity = priority & 7;
  if (severity <= 3) return "error";
  if (severity === 4) return "warn";
  return severity === 7 ? "debug" : "info";
}
