import { isDeepStrictEqual } from "node:util";
import { isUrl } from "../../util/options/urls.js";
import type { PluginSpec } from "./spec.js";

/**
 * Says whether two specs ask for the same. Functions, streams, signals and implementations are equal by identity: what they do cannot
 * be compared. An option that is undefined counts as left out.
 */
export function isSameSpec(one: PluginSpec, other: PluginSpec): boolean {
  return same(one, other);
}

function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((value, index) => same(value, other[index]));
  if (isPlain(one) && isPlain(other)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return [...names].every((name) => same(one[name], other[name]));
  }
  if (isUrl(one) && isUrl(other)) return one.href === other.href;
  return one instanceof Uint8Array && other instanceof Uint8Array && isDeepStrictEqual(one, other);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
