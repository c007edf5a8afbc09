import { idText } from "./id-text.js";
import { Names } from "./names.js";

// Most inputs and results are a short text, a small number, or an object of a few of them. For those a look at each character costs
// half of what JSON.stringify() costs, and a third of JSON.parse(). Anything else is left to them: both functions say so by NOT_SMALL.

/** It is not as small and plain as that: JSON has to see to it. */
export const NOT_SMALL: unique symbol = Symbol("not small");
/** The JSON of a small value. */
export type SmallText = string | typeof NOT_SMALL;

const QUOTE = 34;
const COMMA = 44;
const ZERO = 48;
const COLON = 58;
const BACKSLASH = 92;
const BRACE_OPEN = 123;
const BRACE_CLOSE = 125;

const MAX_MEMBERS = 8;
const LONGEST_WRITTEN = 32;
// A longer part of a text keeps all of the text alive.
const LONGEST_READ = 12;
const MAX_DIGITS = 9;

/** The JSON of a small value. What it gives is what JSON.stringify() would give; what that would change, as NaN, is not small. */
export function smallText(value: unknown): SmallText {
  if (typeof value !== "object" || value === null) return primitiveText(value);
  if (Object.getPrototypeOf(value) !== Object.prototype || (value as { toJSON?: unknown }).toJSON !== undefined) return NOT_SMALL;
  let text = "";
  let count = 0;
  for (const key in value) {
    if (++count > MAX_MEMBERS || !Object.hasOwn(value, key) || !isPlain(key)) return NOT_SMALL;
    const member = primitiveText((value as Readonly<Record<string, unknown>>)[key]);
    if (member === NOT_SMALL) return NOT_SMALL;
    text += text === "" ? `{"${key}":${member}` : `,"${key}":${member}`;
  }
  return text === "" ? "{}" : `${text}}`;
}

function primitiveText(value: unknown): SmallText {
  if (typeof value === "string") return isPlain(value) ? `"${value}"` : NOT_SMALL;
  // Not String(): see id-text.ts.
  if (typeof value === "number") return numberText(value);
  if (value === true) return "true";
  if (value === false) return "false";
  return value === null ? "null" : NOT_SMALL;
}

function numberText(value: number): SmallText {
  if (Number.isInteger(value) && value >= 0 && value < 1_000) return idText(value);
  // NaN and Infinity: JSON makes null of them, which nobody meant.
  return Number.isFinite(value) ? JSON.stringify(value) : NOT_SMALL;
}

/** Says whether a text is short, and is JSON as it stands between quotes. */
function isPlain(text: string): boolean {
  if (text.length > LONGEST_WRITTEN) return false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 32 || code === QUOTE || code === BACKSLASH || code > 126) return false;
  }
  return true;
}

const keys = new Names();

/** The value of the JSON from `start` to `end`, if it is small. What it gives is what JSON.parse() would give. */
export function parseSmall(text: string, start: number, end: number): unknown {
  const first = text.charCodeAt(start);
  if (first === BRACE_OPEN) return parseObject(text, start, end);
  if (first !== QUOTE) return NOT_SMALL;
  const close = endOfText(text, start);
  return close + 1 === end ? text.slice(start + 1, close) : NOT_SMALL;
}

function parseObject(text: string, start: number, end: number): unknown {
  const value: Record<string, unknown> = {};
  for (let at = start + 1; ; at++) {
    if (text.charCodeAt(at) !== QUOTE) return NOT_SMALL;
    const close = endOfKey(text, at + 1);
    if (close < 0 || text.charCodeAt(close + 1) !== COLON) return NOT_SMALL;
    const key = keys.at(text, at + 1, close);
    // Some names mean more than themselves, and some are there twice.
    if (key in value) return NOT_SMALL;
    at = close + 2;
    if (text.charCodeAt(at) === QUOTE) {
      const last = endOfText(text, at);
      if (last < 0) return NOT_SMALL;
      value[key] = text.slice(at + 1, last);
      at = last + 1;
    } else {
      const last = endOfDigits(text, at);
      if (last < 0) return NOT_SMALL;
      value[key] = numberAt(text, at, last);
      at = last;
    }
    const code = text.charCodeAt(at);
    if (code === BRACE_CLOSE) return at + 1 === end ? value : NOT_SMALL;
    if (code !== COMMA) return NOT_SMALL;
  }
}

/** Letters and underscores alone: digits would come before them, whatever the order. */
function endOfKey(text: string, start: number): number {
  for (let index = start; index - start <= LONGEST_WRITTEN; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index === start ? -1 : index;
    const letter = code | 32;
    if ((letter < 97 || letter > 122) && code !== 95) return -1;
  }
  return -1;
}

/** The quote that ends a short text begun at `open`, or -1. */
function endOfText(text: string, open: number): number {
  for (let index = open + 1; index - open <= LONGEST_READ + 1; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (!(code >= 32) || code === BACKSLASH) return -1;
  }
  return -1;
}

function endOfDigits(text: string, start: number): number {
  let index = start;
  while (isDigit(text.charCodeAt(index))) index++;
  const count = index - start;
  // "007" is not JSON.
  if (count === 0 || count > MAX_DIGITS || (count > 1 && text.charCodeAt(start) === ZERO)) return -1;
  return index;
}

function numberAt(text: string, start: number, end: number): number {
  let number = 0;
  for (let index = start; index < end; index++) number = number * 10 + text.charCodeAt(index) - ZERO;
  return number;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= 57;
}
