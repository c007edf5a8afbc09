import { WireCode } from "./error-codes.js";
import { classify, type Id, ITEM, type Message, type Meta } from "./messages.js";
import { Names } from "./names.js";
import { quickParse } from "./quick-json.js";
import { NOT_SMALL } from "./small-json.js";
import { type StructureLimits, structureFault } from "./structure.js";

/** What takes messages as they are read. */
export interface MessageSink {
  /** False once nothing more may be read. */
  readonly open: boolean;
  /** @param length Of the message, about, in bytes. */
  request(id: Id, method: string, params: unknown, meta: Meta | undefined, length: number): void;
  notification(method: string, params: unknown, meta: Meta | undefined, length: number): void;
  result(id: Id, value: unknown): void;
  failure(id: Id | null, error: unknown): void;
  /** A stream's items, and the bytes of their message. */
  items(params: unknown, bytes: number): void;
  /** A message whose `refs` say what stands where it holds null. `bytes` is its length. */
  referring(message: Message, refs: unknown, bytes: number): void;
  /** A line that is no message. `code` is the wire's number for it. */
  violation(code: number, problem: string): void;
}

const NOT_JSON = Symbol("not JSON");

/**
 * Reads lines, separated by newlines, in order and hands each to the sink; stops at the first that is no message.
 *
 * Lines in the shape that our own side writes are read without building their envelope: the parts around the one value are
 * compared, and only that value is parsed. Whatever does not fit to the letter is parsed whole. Each line is judged by itself
 * either way. Returns how many lines were read.
 */
export function decodeLines(text: string, limits: StructureLimits, sink: MessageSink): number {
  let count = 0;
  for (let start = 0; start <= text.length && sink.open; count++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (!readCommonLine(text, start, end, limits, sink)) readLine(text.slice(start, end), limits, sink);
    start = end + 1;
  }
  return count;
}

const REQUEST_HEAD = '{"jsonrpc":"2.0","id":';
const NOTIFICATION_HEAD = '{"jsonrpc":"2.0","method":"';
const METHOD = ',"method":"';
const RESULT = ',"result":';
const PARAMS = '","params":';
const QUOTE = 34;
const BACKSLASH = 92;
const BRACE_CLOSE = 125;
const LOWER_R = 114;
const MAX_NAME = 128;
/** More than there are in an envelope of our own spelling beside the one value. */
const VALUES_AROUND = 5;

// Parts of a text are cut out and compared as a whole: that is as quick as to compare each character, and so it is in code that runs
// for the first time.
function readCommonLine(text: string, start: number, end: number, limits: StructureLimits, sink: MessageSink): boolean {
  if (text.charCodeAt(end - 1) !== BRACE_CLOSE) return false;
  let at = start + REQUEST_HEAD.length;
  if (text.slice(start, at) !== REQUEST_HEAD) return readNotification(text, start, end, limits, sink);
  let id = 0;
  const firstDigit = at;
  for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - 48) id = id * 10 + digit;
  // 15 digits are always exact; "007" is not JSON.
  if (at === firstDigit || at - firstDigit > 15 || (at - firstDigit > 1 && text.charCodeAt(firstDigit) === 48)) return false;
  if (text.charCodeAt(at + 2) !== LOWER_R) return readRequest(text, at, end, id, limits, sink);
  const valueAt = at + RESULT.length;
  if (text.slice(at, valueAt) !== RESULT) return false;
  const value = parseValue(text, valueAt, end - 1, limits);
  if (value === NOT_JSON) return false;
  sink.result(id, value);
  return true;
}

/** What stands before the params of a message. Most messages call the method of the one before: all of it is compared at once. */
interface Before {
  readonly method: string;
  readonly text: string;
}
const before = (head: string, method: string): Before => ({ method, text: head + method + PARAMS });

let lastRequest = before(METHOD, "");
let lastNotification = before(NOTIFICATION_HEAD, "");

/** @param at After the id. */
function readRequest(text: string, at: number, end: number, id: number, limits: StructureLimits, sink: MessageSink): boolean {
  let { method } = lastRequest;
  let params: unknown;
  const paramsAt = at + lastRequest.text.length;
  if (text.slice(at, paramsAt) === lastRequest.text) params = parseParams(text, paramsAt, end, limits);
  else {
    const other = readMethod(text, at, end, METHOD);
    if (other === undefined) return false;
    method = other;
    lastRequest = before(METHOD, other);
    params = readParams(text, at + lastRequest.text.length, end, limits);
  }
  if (params === NOT_JSON) return false;
  sink.request(id, method, params, undefined, end - at);
  return true;
}

function readNotification(text: string, start: number, end: number, limits: StructureLimits, sink: MessageSink): boolean {
  let { method } = lastNotification;
  let params: unknown;
  const paramsAt = start + lastNotification.text.length;
  if (text.slice(start, paramsAt) === lastNotification.text) params = parseParams(text, paramsAt, end, limits);
  else {
    const other = readMethod(text, start, end, NOTIFICATION_HEAD);
    if (other === undefined) return false;
    method = other;
    lastNotification = before(NOTIFICATION_HEAD, other);
    params = readParams(text, start + lastNotification.text.length, end, limits);
  }
  if (params === NOT_JSON) return false;
  if (method === ITEM) sink.items(params, Buffer.byteLength(text.slice(start, end)));
  else sink.notification(method, params, undefined, end - start);
  return true;
}

const names = new Names();

/** The name that stands after a head. Undefined for one that is left to the parser: a long one, or one with an escape in it. */
function readMethod(text: string, at: number, end: number, head: string): string | undefined {
  const nameAt = at + head.length;
  if (text.slice(at, nameAt) !== head) return undefined;
  const quote = endOfName(text, nameAt, end);
  return quote < 0 ? undefined : names.at(text, nameAt, quote);
}

function endOfName(text: string, at: number, end: number): number {
  for (let index = at; index < end && index - at <= MAX_NAME; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code < 32 || code === BACKSLASH) return -1;
  }
  return -1;
}

/** The params of a message, from where they stand if it has any: undefined if it has none. */
function readParams(text: string, at: number, end: number, limits: StructureLimits): unknown {
  const quote = at - PARAMS.length;
  if (quote + 2 === end) return undefined;
  return text.slice(quote, at) === PARAMS ? parseParams(text, at, end, limits) : NOT_JSON;
}

function parseParams(text: string, at: number, end: number, limits: StructureLimits): unknown {
  const params = parseValue(text, at, end - 1, limits);
  return typeof params === "object" && params !== null ? params : NOT_JSON;
}

function parseValue(text: string, start: number, end: number, limits: StructureLimits): unknown {
  const small = quickParse(text, start, end);
  if (small !== NOT_SMALL) return small;
  // What is about as much as may be is left to who looks at the whole.
  if (structureFault(text, start, end, limits.maxDepth - 1, limits.maxValues - VALUES_AROUND) !== undefined) return NOT_JSON;
  try {
    return JSON.parse(text.slice(start, end));
  } catch {
    return NOT_JSON;
  }
}

function readLine(line: string, limits: StructureLimits, sink: MessageSink): void {
  const { maxDepth, maxValues } = limits;
  const fault = structureFault(line, 0, line.length, maxDepth, maxValues);
  if (fault !== undefined) {
    const what = fault === "too deep" ? `is nested deeper than ${maxDepth} levels` : `holds more than ${maxValues} values`;
    return sink.violation(WireCode.invalidRequest, `it ${what}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    sink.violation(WireCode.parseError, "it is not JSON");
    return;
  }
  const message = classify(value);
  if (typeof message === "string") sink.violation(WireCode.invalidRequest, message);
  else if (Object.hasOwn(value as object, "refs")) sink.referring(message, (value as { refs: unknown }).refs, Buffer.byteLength(line));
  else deliver(message, line, sink);
}

function deliver(message: Message, line: string, sink: MessageSink): void {
  if (message.kind === "notification" && message.method === ITEM) sink.items(message.params, Buffer.byteLength(line));
  else if (message.kind === "request") sink.request(message.id, message.method, message.params, message.meta, line.length);
  else if (message.kind === "notification") sink.notification(message.method, message.params, message.meta, line.length);
  else if (message.kind === "result") sink.result(message.id, message.value);
  else sink.failure(message.id, message.error);
}
