import type { LogLevel } from "../util/logger.js";
import { levelOfPriority, levelOfWord } from "./log-levels.js";

/** What a line of text says, its level and time taken off. */
export interface TextRecord {
  readonly level: LogLevel;
  readonly message: string;
}

const TIME = String.raw`(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?`;
const WORD = "[A-Z]{4,8}";
// A level in brackets, alone or behind a time, as hclog has it.
const BRACKETS = new RegExp(String.raw`^(?:${TIME} +)?\[([A-Za-z]{4,8})\]:?\s+(?=\S)`);
// tracing's, log4j's, Spring's, zap's, slog's and log's: a time, perhaps a thread, and the level.
const TIMED = new RegExp(String.raw`^${TIME}\s{1,8}(?:\[([^\]]{1,64})\]\s{1,8})?(${WORD})\b:?\s{1,8}(?=\S)`);
// Python's logging, as it is and with the time that most give it.
const PYTHON = /^([A-Z]{4,8}):([^\s:]{1,128}):(?=\S)/;
const PYTHON_TIMED = new RegExp(String.raw`^${TIME} - (\S{1,128}) - (${WORD}) - (?=\S)`);
const ENV_LOGGER = new RegExp(String.raw`^\[${TIME} (${WORD}) {1,2}([^\s\]]{1,128})\] (?=\S)`);
// slog's and logrus' text.
const LOGFMT = /^time=(?:"[^"]{1,40}"|[^\s"]{1,40}) level=([A-Za-z]{4,8}) msg=(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))/;
const GLOG = /^([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d{1,10} ([^\s\]]{1,128})\] (?=\S)/;
const PRIORITY = /^<(\d{1,3})>(?:1 )?(?=\S)/;
// A terminal's own way to say that a colour begins, or ends.
const COLOUR = /\u001b\[[\d;]{0,16}m/g;
const GLOG_LEVELS: Readonly<Record<string, LogLevel>> = { I: "info", W: "warn", E: "error", F: "error" };

/** Reads a line of text in one of the forms that loggers print; undefined for any other. Colours are taken off it. */
export function readTextRecord(coloured: string): TextRecord | undefined {
  const line = coloured.includes("\u001b[") ? coloured.replace(COLOUR, "") : coloured;
  return ofBrackets(line) ?? ofTimed(line) ?? ofPython(line) ?? ofEnvLogger(line) ?? ofLogfmt(line) ?? ofGlog(line) ?? ofPriority(line);
}

function ofBrackets(line: string): TextRecord | undefined {
  const [prefix = "", word] = BRACKETS.exec(line) ?? [];
  return recordOf(word, line.slice(prefix.length));
}

function ofTimed(line: string): TextRecord | undefined {
  const [prefix = "", thread, word] = TIMED.exec(line) ?? [];
  return recordOf(word, `${thread === undefined ? "" : `[${thread}] `}${line.slice(prefix.length)}`);
}

function ofPython(line: string): TextRecord | undefined {
  const [plain = "", level, name] = PYTHON.exec(line) ?? [];
  if (level !== undefined) return recordOf(level, `${name}: ${line.slice(plain.length)}`);
  const [timed = "", named, word] = PYTHON_TIMED.exec(line) ?? [];
  return recordOf(word, `${named}: ${line.slice(timed.length)}`);
}

function ofEnvLogger(line: string): TextRecord | undefined {
  const [prefix = "", word, target] = ENV_LOGGER.exec(line) ?? [];
  return recordOf(word, `${target}: ${line.slice(prefix.length)}`);
}

function ofLogfmt(line: string): TextRecord | undefined {
  const [whole = "", word, quoted, plain] = LOGFMT.exec(line) ?? [];
  return recordOf(word, `${plain ?? quoted?.replace(/\\(["\\])/g, "$1")}${line.slice(whole.length)}`);
}

function ofGlog(line: string): TextRecord | undefined {
  const [prefix = "", letter = "", place] = GLOG.exec(line) ?? [];
  const level = GLOG_LEVELS[letter];
  return level && { level, message: `${place}: ${line.slice(prefix.length)}` };
}

/** Of syslog, and of services that systemd reads. */
function ofPriority(line: string): TextRecord | undefined {
  const [prefix = "", number] = PRIORITY.exec(line) ?? [];
  const level = number === undefined ? undefined : levelOfPriority(Number(number));
  return level && { level, message: line.slice(prefix.length) };
}

function recordOf(word: string | undefined, message: string): TextRecord | undefined {
  const level = word === undefined ? undefined : levelOfWord(word);
  return level && { level, message };
}
