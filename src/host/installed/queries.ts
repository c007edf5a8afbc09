import type { LogQuery } from "../../install/logs/log-entry.js";
import { choice } from "../../util/options/choices.js";
import { flag } from "../../util/options/flags.js";
import { integer } from "../../util/options/numbers.js";
import { signal } from "../../util/options/signals.js";
import { type OptionsSource, option, readOptions } from "../../util/options/source.js";
import { checkId } from "./token-office.js";

/** Which entries of the audit are read. */
export interface AuditQuery {
  /** None that is older: a date, or milliseconds before now. @default as old as there are */
  readonly since?: Date | number | undefined;
  /** How many of the last, from 0 to 100_000. @default 1_000 */
  readonly tail?: number | undefined;
}

const LOG_NAMES = new Set("plugin level since match tail follow signal".split(" "));
const LEVELS = ["trace", "debug", "info", "warn", "error"] as const;
const MOST = 100_000;

/** @throws {TypeError | RangeError} */
export function resolveLogQuery(query: LogQuery): LogQuery {
  const from = readOptions("Cannot read the logs", query, LOG_NAMES);
  const isMatch = (value: unknown): value is string | RegExp => typeof value === "string" || value instanceof RegExp;
  const plugin = option(from, "plugin", undefined, (value): value is string => typeof value === "string", "a plugin's id");
  return {
    // It becomes the name of a directory.
    plugin: plugin === undefined ? undefined : checkId(plugin, "read the logs"),
    level: choice(from, "level", "trace", LEVELS),
    since: since(from),
    match: option(from, "match", undefined, isMatch, "a text or a pattern"),
    tail: integer(from, "tail", 1_000, 0, MOST),
    follow: flag(from, "follow", false),
    signal: signal(from, "signal", undefined),
  };
}

/** @throws {TypeError | RangeError} */
export function resolveAuditQuery(query: AuditQuery): { readonly tail: number; readonly since: Date | number | undefined } {
  const from = readOptions("Cannot read the audit", query, new Set(["since", "tail"]));
  return { tail: integer(from, "tail", 1_000, 0, MOST), since: since(from) };
}

function since(from: OptionsSource): Date | number | undefined {
  const isTime = (value: unknown): value is Date | number =>
    (value instanceof Date && Number.isFinite(value.getTime())) || (typeof value === "number" && Number.isFinite(value));
  return option(from, "since", undefined, isTime, "a date, or milliseconds before now");
}
