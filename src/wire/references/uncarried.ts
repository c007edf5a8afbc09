import { typedArrayKind } from "./bytes.js";
import { isAsyncIterable, isValidDate, kindOf } from "./scan.js";

const SAYS: Readonly<Record<string, string>> = {
  Promise: "is a promise, which was not awaited",
  Error: "is an Error, which JSON cannot carry: throw it, or send its message",
  Map: "is a Map, which JSON cannot carry: send the list of its entries",
  Set: "is a Set, which JSON cannot carry: send the list of its values",
  ArrayBuffer: "is an ArrayBuffer, which JSON cannot carry: send a Uint8Array of it",
};

/**
 * Why a value is not sent though JSON.stringify() makes something of it, as the end of a sentence; undefined for one that is. What it
 * would make is null or `{}`, and the other side would never know that there was more. What is in it is not looked at.
 */
export function whyUncarried(value: unknown): string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? undefined : `is ${value}, which JSON cannot carry`;
  if (typeof value === "symbol") return "is a symbol, which JSON cannot carry";
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  // What is of its own kind has a prototype of its own.
  return prototype === Object.prototype || prototype === null ? undefined : whyUncarriedObject(value);
}

function whyUncarriedObject(value: object): string | undefined {
  const kind = kindOf(value);
  if (kind === "Date") return isValidDate(value) ? undefined : "is a Date of no time, which JSON cannot carry";
  const array = typedArrayKind(value);
  if (array === "Uint8Array" || isAsyncIterable(value)) return undefined;
  const { toJSON, then } = value as { toJSON?: unknown; then?: unknown };
  if (typeof toJSON === "function") return undefined;
  if (array !== undefined) return `is a ${array}, which JSON cannot carry: send a Uint8Array of its bytes`;
  if (typeof then === "function" && !Object.hasOwn(value, "then")) return SAYS["Promise"];
  if (kind === "Object" || isBoxed(kind)) return undefined;
  if (Object.hasOwn(SAYS, kind)) return SAYS[kind];
  // A class may call itself what it likes, and still have members. Without any, nothing of it would cross.
  return Object.keys(value).length > 0 ? undefined : `is ${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}, of which JSON carries nothing`;
}

function isBoxed(kind: string): boolean {
  return kind === "Number" || kind === "String" || kind === "Boolean" || kind === "BigInt";
}
