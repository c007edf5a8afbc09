import { WireCode } from "./error-codes.js";
import { idText } from "./id-text.js";
import type { Id, Meta } from "./messages.js";
import { quickText } from "./quick-json.js";
import type { Extracted, Ref } from "./references/ref.js";
import { NOT_SMALL, type SmallText } from "./small-json.js";

/**
 * The text of a request. The envelope is text around the input: an object for it would cost more than most inputs.
 * @param method A name that was checked: it holds nothing that JSON would escape.
 * @param small The input's text, if it is small.
 */
export function encodeRequest(id: number, method: string, input: unknown, small: SmallText = quickText(input)): string {
  const params = encodeInput(input, small);
  if (method !== lastMethod) rememberMethod(method);
  const head = `{"jsonrpc":"2.0","id":${idText(id)}${methodPart}`;
  return params === undefined ? `${head}}` : `${head},"params":${params}}`;
}

// Most calls go to the method of the call before.
let lastMethod = "";
let methodPart = "";

function rememberMethod(method: string): void {
  lastMethod = method;
  methodPart = `,"method":"${method}"`;
}

/** The text of a notification. @param method As for a request. */
export function encodeNotification(method: string, input: unknown, small: SmallText = quickText(input)): string {
  const params = encodeInput(input, small);
  const head = `{"jsonrpc":"2.0","method":"${method}"`;
  return params === undefined ? `${head}}` : `${head},"params":${params}}`;
}

/** As a request, for params with something taken out of them, which the refs name. */
export function encodeSpecialRequest(id: number, method: string, params: unknown, refs: Readonly<Record<string, Ref>>): string {
  return `{"jsonrpc":"2.0","id":${id},"refs":${JSON.stringify(refs)},"method":"${method}","params":${encodeValue(params)}}`;
}

/** As a notification, likewise. */
export function encodeSpecialNotification(method: string, params: unknown, refs: Readonly<Record<string, Ref>>): string {
  return `{"jsonrpc":"2.0","refs":${JSON.stringify(refs)},"method":"${method}","params":${encodeValue(params)}}`;
}

/** As a result, likewise. */
export function encodeSpecialResult(id: Id, value: unknown, refs: Readonly<Record<string, Ref>>): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"refs":${JSON.stringify(refs)},"result":${encodeValue(value)}}`;
}

const HEAD = '{"jsonrpc":"2.0",';

/** The text of a request or notification, with what travels beside it. Most have nothing: this is no part of making one. */
export function addMeta(message: string, meta: Meta): string {
  return `${HEAD}"meta":${JSON.stringify(meta)},${message.slice(HEAD.length)}`;
}

/** What was taken out of an input, as params: an object as it is, and all else in an array of one. */
export function paramsOf({ value, refs }: Extracted): Extracted {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { value, refs };
  return { value: [value], refs: Object.fromEntries(Object.entries(refs).map(([pointer, ref]) => [`/0${pointer}`, ref])) };
}

/** A result of nothing is null. */
export function encodeResult(id: Id, value: unknown, small: SmallText = quickText(value)): string {
  const json = value === undefined ? "null" : small === NOT_SMALL ? toJson(value) : small;
  return typeof id === "number"
    ? `{"jsonrpc":"2.0","id":${idText(id)},"result":${json}}`
    : `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${json}}`;
}

/** An error as it goes over the wire. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Never throws: data that JSON cannot carry is left out. */
export function encodeError(id: Id | null, { code, message, data }: WireError): string {
  let dataText = "";
  try {
    if (data !== undefined) dataText = `,"data":${encodeValue(data)}`;
  } catch {
    dataText = "";
  }
  const head = `{"jsonrpc":"2.0","id":${id === null ? "null" : JSON.stringify(id)}`;
  return `${head},"error":{"code":${code},"message":${JSON.stringify(message)}${dataText}}}`;
}

export function encodeViolation(code: number, problem: string): string {
  const what = code === WireCode.parseError ? "Cannot parse the line" : "Cannot take the line as a message";
  return encodeError(null, { code, message: `${what}: ${problem}` });
}

// A plain object is the params as it is, and whatever else JSON makes of a value is put in an array of one.
// The text decides, so that a Date (a string on the wire) and an instance of a class (an object) both come out right.
function encodeInput(input: unknown, small: SmallText): string | undefined {
  if (input === undefined) return undefined;
  if (small !== NOT_SMALL) return typeof input === "object" && input !== null ? small : `[${small}]`;
  const json = toJson(input);
  return json.charCodeAt(0) === 123 ? json : `[${json}]`;
}

/** The input that a request's params carry: undefined if there are none. @throws {RangeError} More than one. */
export function decodeInput(params: unknown): unknown {
  if (!Array.isArray(params)) return params;
  if (params.length > 1) throw new RangeError(`it takes one value, and params holds ${params.length}`);
  return params[0];
}

function encodeValue(value: unknown): string {
  const small = quickText(value);
  return small === NOT_SMALL ? toJson(value) : small;
}

function toJson(value: unknown): string {
  const json: string | undefined = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`JSON cannot carry a ${typeof value}`);
  return json;
}

/** Says whether a text is longer than so many bytes of UTF-8, counting them only where it may be. */
export function isTooLong(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes);
}
