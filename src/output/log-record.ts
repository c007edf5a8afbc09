import { isWithinDepth } from "../util/depth.js";
import { escapeLine, escapeTexts } from "../util/escape-controls.js";
import type { LogLevel } from "../util/logger.js";

/** What a line of a plugin's stderr says, for the host's log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** One line, its control characters escaped. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

// Whoever prints or sends a record must get to its bottom.
const MAX_DEPTH = 32;
const LEVELS: ReadonlyMap<string, LogLevel> = new Map([
  ["trace", "trace"],
  ["debug", "debug"],
  ["info", "info"],
  ["warn", "warn"],
  ["warning", "warn"],
  ["error", "error"],
  ["fatal", "error"],
  ["panic", "error"],
]);
// hclog's text form has a time in front.
const PREFIXED = /^(?:\d{4}-\d\d-\d\dT[\d:.+Z-]+ +)?\[([A-Za-z]{4,7})\]:?\s+(?=\S)/;
// The beginning of a JSON record that was cut, as hclog, pino and slog write it.
const CUT_JSON = /^\{(?:"time":"[^"\\]{1,40}",)?"@?level":(?:"([A-Za-z]{4,7})"|(\d\d)),/;

/**
 * Reads a line as a log record: pino's or hclog's JSON, text that begins with its level in brackets, or any other text, which is
 * info. A level is taken from nothing else.
 * @param cut The line is the beginning of a longer one.
 */
export function toLogRecord(line: string, cut = false): LogRecord {
  return readLogRecord(line, cut) ?? { level: "info", message: escapeLine(line), fields: {} };
}

/** Says whether a line is a log record of one of these forms, and no other text. */
export function isLogRecord(line: string, cut: boolean): boolean {
  return readLogRecord(line, cut) !== undefined;
}

function readLogRecord(line: string, cut: boolean): LogRecord | undefined {
  const object = cut ? undefined : parseObject(line);
  const record = object && (ofHclog(object) ?? ofPino(object));
  if (record !== undefined) return record;
  const [prefix = "", word = ""] = PREFIXED.exec(line) ?? [];
  const level = LEVELS.get(word.toLowerCase());
  if (level !== undefined) return { level, message: escapeLine(line.slice(prefix.length)), fields: {} };
  const levelCut = cut ? levelOfCut(line) : undefined;
  return levelCut && { level: levelCut, message: escapeLine(line), fields: {} };
}

type Json = Readonly<Record<string, unknown>>;

function parseObject(line: string): Json | undefined {
  if (!line.startsWith("{") || !line.endsWith("}") || !isWithinDepth(line, 0, line.length, MAX_DEPTH)) return undefined;
  try {
    return JSON.parse(line) as Json;
  } catch {
    return undefined; // It only looked like it, and is text.
  }
}

/** `{"@level":"warn","@message":"…","@timestamp":"…","@module":"…",…}` */
function ofHclog(object: Json): LogRecord | undefined {
  const { "@level": level = "info", "@message": message, "@timestamp": time, "@module": module, ...rest } = object;
  if (typeof message !== "string") return undefined;
  const fields = { ...rest, ...timeOf(time), ...(typeof module === "string" ? { module } : {}) };
  return { level: levelOf(level) ?? "info", message: escapeLine(message), fields: fieldsOf(fields) };
}

/** `{"level":30,"time":1735689600000,"msg":"…",…}`, or with a level's name, as slog, zap and winston have it. */
function ofPino(object: Json): LogRecord | undefined {
  const { level: given, time, ...rest } = object;
  const level = levelOf(given);
  const key = typeof rest["msg"] === "string" ? "msg" : "message";
  const { [key]: message, ...fields } = rest;
  // A record without a message still has its time, which other objects with a level do not.
  if (level === undefined || (typeof message !== "string" && time === undefined)) return undefined;
  const text = typeof message === "string" ? message : "";
  return { level, message: escapeLine(text), fields: fieldsOf({ ...(text === message ? fields : rest), ...timeOf(time) }) };
}

function levelOf(value: unknown): LogLevel | undefined {
  if (typeof value === "string") return LEVELS.get(value.toLowerCase());
  if (typeof value !== "number" || !(value >= 10 && value <= 60)) return undefined;
  if (value < 20) return "trace";
  if (value < 30) return "debug";
  if (value < 40) return "info";
  return value < 50 ? "warn" : "error";
}

function levelOfCut(line: string): LogLevel | undefined {
  const [, word, number] = CUT_JSON.exec(line) ?? [];
  return levelOf(word ?? (number === undefined ? undefined : Number(number)));
}

/** The plugin's own time, as a Date where it can be one. */
function timeOf(time: unknown): { time?: unknown } {
  if (time === undefined) return {};
  const date = typeof time === "number" || typeof time === "string" ? new Date(time) : undefined;
  return { time: date === undefined || Number.isNaN(date.getTime()) ? time : date };
}

function fieldsOf(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return escapeTexts(fields) as Readonly<Record<string, unknown>>;
}
