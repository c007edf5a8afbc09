import { isWithinDepth } from "../util/depth.js";
import type { LogLevel } from "../util/logger.js";
import { escapeLine, escapeTexts } from "../util/text/escape-controls.js";
import { levelOfNumber, levelOfWord } from "./log-levels.js";
import { readTextRecord } from "./text-forms.js";

/** What a line of a plugin's stderr says, for the host's log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** One line, its control characters escaped. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

// Whoever prints or sends a record must get to its bottom.
const MAX_DEPTH = 32;
// The beginning of a JSON record that was cut, as hclog, pino and slog write it.
const CUT_JSON = /^\{(?:"time":"[^"\\]{1,40}",)?"@?level":(?:"([A-Za-z]{4,7})"|(\d\d)),/;

/**
 * Reads a line as a log record: JSON of pino, hclog, ECS, Google Cloud, OpenTelemetry and the like, text in the forms of known loggers, or
 * any other text, which is info. A level is taken from nothing else.
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
  const record = object && (ofHclog(object) ?? ofPino(object) ?? ofOthers(object));
  if (record !== undefined) return record;
  const text = readTextRecord(line);
  if (text !== undefined) return { level: text.level, message: escapeLine(text.message), fields: {} };
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

/** Where others have their level and their message; each has all of its own, or is no record of theirs. */
const OTHERS: readonly { readonly level: string; readonly message: string; readonly time: string }[] = [
  { level: "log.level", message: "message", time: "@timestamp" }, // Elastic's common schema.
  { level: "severity", message: "message", time: "timestamp" }, // Google Cloud.
  { level: "severityText", message: "body", time: "timeUnixNano" }, // OpenTelemetry.
  { level: "SeverityText", message: "Body", time: "Timestamp" },
  { level: "levelname", message: "message", time: "asctime" }, // Python's, by python-json-logger.
];

function ofOthers(object: Json): LogRecord | undefined {
  // Rust's tracing has the message among the fields.
  if (typeof object["level"] === "string" && isObject(object["fields"])) return ofTracing(object, object["fields"]);
  for (const names of OTHERS) {
    const { [names.level]: given, [names.message]: body, [names.time]: time, ...fields } = object;
    const level = typeof given === "string" ? levelOf(given) : undefined;
    const message = isObject(body) ? body["stringValue"] : body;
    if (level === undefined || typeof message !== "string") continue;
    return { level, message: escapeLine(message), fields: fieldsOf({ ...fields, ...timeOf(time) }) };
  }
  return undefined;
}

function ofTracing({ level: given, timestamp, fields: _fields, ...rest }: Json, { message, ...fields }: Json): LogRecord | undefined {
  const level = levelOf(given);
  if (level === undefined || typeof message !== "string") return undefined;
  return { level, message: escapeLine(message), fields: fieldsOf({ ...rest, ...fields, ...timeOf(timestamp) }) };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function levelOf(value: unknown): LogLevel | undefined {
  if (typeof value === "string") return levelOfWord(value);
  return typeof value === "number" ? levelOfNumber(value) : undefined;
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
