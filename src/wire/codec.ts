import { isWithinDepth } from "../util/depth.js";
import { codesOf, hasCodes, Names } from "./codes.js";
import { WireCode } from "./error-codes.js";
import { classify, type Id, ITEM, type Message, type Meta } from "./messages.js";
import { NOT_SMALL, parseSmall } from "./small-json.js";

/** What takes messages as they are read. */
export interface MessageSink {
  /** False once nothing more may be read. */
  readonly open: boolean;
  request(id: Id, method: string, params: unknown, meta: Meta | undefined): void;
  notification(method: string, params: unknown, meta?: Meta): void;
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
export function decodeLines(text: string, maxDepth: number, sink: MessageSink): number {
  let count = 0;
  for (let start = 0; start <= text.length && sink.open; count++) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    if (!readCommonLine(text, start, end, maxDepth, sink)) readLine(text.slice(start, end), maxDepth, sink);
    start = end + 1;
  }
  return count;
}

const REQUEST_HEAD = codesOf('{"jsonrpc":"2.0","id":');
const NOTIFICATION_HEAD = codesOf('{"jsonrpc":"2.0","method":"');
const METHOD = codesOf(',"method":"');
const RESULT = codesOf(',"result":');
const PARAMS = codesOf(',"params":');
const QUOTE = 34;
const BRACE_CLOSE = 125;
const LOWER_R = 114;

function readCommonLine(text: string, start: number, end: number, maxDepth: number, sink: MessageSink): boolean {
  if (text.charCodeAt(end - 1) !== BRACE_CLOSE) return false;
  if (!hasCodes(text, start, REQUEST_HEAD)) return readNotification(text, start, end, maxDepth, sink);
  let at = start + REQUEST_HEAD.length;
  let id = 0;
  const firstDigit = at;
  for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - 48) id = id * 10 + digit;
  // 15 digits are always exact; "007" is not JSON.
  if (at === firstDigit || at - firstDigit > 15 || (at - firstDigit > 1 && text.charCodeAt(firstDigit) === 48)) return false;
  if (text.charCodeAt(at + 2) === LOWER_R) {
    if (!hasCodes(text, at, RESULT)) return false;
    const value = parseValue(text, at + RESULT.length, end - 1, maxDepth);
    if (value === NOT_JSON) return false;
    sink.result(id, value);
    return true;
  }
  if (!hasCodes(text, at, METHOD)) return false;
  at += METHOD.length;
  const quote = endOfName(text, at, end);
  if (quote < 0) return false;
  const params = readParams(text, quote, end, maxDepth);
  if (params === NOT_JSON) return false;
  sink.request(id, names.at(text, at, quote), params, undefined);
  return true;
}

function readNotification(text: string, start: number, end: number, maxDepth: number, sink: MessageSink): boolean {
  if (!hasCodes(text, start, NOTIFICATION_HEAD)) return false;
  const at = start + NOTIFICATION_HEAD.length;
  const quote = endOfName(text, at, end);
  if (quote < 0) return false;
  const params = readParams(text, quote, end, maxDepth);
  if (params === NOT_JSON) return false;
  const method = names.at(text, at, quote);
  if (method === ITEM) sink.items(params, Buffer.byteLength(text.slice(start, end)));
  else sink.notification(method, params);
  return true;
}

const names = new Names();

// A name with an escape in it is left to the parser.
function endOfName(text: string, at: number, end: number): number {
  for (let index = at; index < end && index - at <= 128; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code < 32 || code === 92) return -1;
  }
  return -1;
}

/** The params after the quote that ends a name: undefined if there are none. */
function readParams(text: string, quote: number, end: number, maxDepth: number): unknown {
  if (quote + 2 === end) return undefined;
  if (!hasCodes(text, quote + 1, PARAMS)) return NOT_JSON;
  const params = parseValue(text, quote + 1 + PARAMS.length, end - 1, maxDepth);
  return typeof params === "object" && params !== null ? params : NOT_JSON;
}

function parseValue(text: string, start: number, end: number, maxDepth: number): unknown {
  const small = parseSmall(text, start, end);
  if (small !== NOT_SMALL) return small;
  if (!isWithinDepth(text, start, end, maxDepth - 1)) return NOT_JSON;
  try {
    return JSON.parse(text.slice(start, end));
  } catch {
    return NOT_JSON;
  }
}

function readLine(line: string, maxDepth: number, sink: MessageSink): void {
  if (!isWithinDepth(line, 0, line.length, maxDepth)) {
    sink.violation(WireCode.invalidRequest, `it is nested deeper than ${maxDepth} levels`);
    return;
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
  else if (message.kind === "request") sink.request(message.id, message.method, message.params, message.meta);
  else if (message.kind === "notification") sink.notification(message.method, message.params, message.meta);
  else if (message.kind === "result") sink.result(message.id, message.value);
  else sink.failure(message.id, message.error);
}
