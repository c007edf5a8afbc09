import { type OptionsSource, wrong } from "./source.js";

/** What a duration may be. */
export interface DurationRange {
  /** May it be 0? @default false */
  readonly zero?: boolean;
  /** May it be `Infinity`? @default false */
  readonly infinite?: boolean;
}

/** Says whether a value is a duration that may also be `Infinity`. */
export function isPatience(value: unknown): value is number {
  return typeof value === "number" && value > 0;
}

/** An option in milliseconds. @throws {TypeError | RangeError} */
export function duration<F extends number | undefined>(
  from: OptionsSource,
  name: string,
  fallback: F,
  { zero = false, infinite = false }: DurationRange = {},
): number | F {
  const fits = (ms: number): boolean => (zero ? ms >= 0 : ms > 0) && (infinite || ms !== Number.POSITIVE_INFINITY);
  const wanted = `a number of milliseconds ${zero ? "from 0" : "above 0"}${infinite ? ", or Infinity" : ""}`;
  return from.values[name] === undefined ? fallback : numberIn(from, name, fits, wanted);
}

/** An option that is a whole number of a range, ends included. @throws {TypeError | RangeError} */
export function integer(from: OptionsSource, name: string, fallback: number, least: number, most?: number): number {
  return from.values[name] === undefined ? fallback : requiredInteger(from, name, least, most);
}

/** The same where one must be given. @throws {TypeError | RangeError} */
export function requiredInteger(from: OptionsSource, name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number {
  const fits = (value: number): boolean => Number.isInteger(value) && value >= least && value <= most;
  return numberIn(from, name, fits, `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}`);
}

function numberIn(from: OptionsSource, name: string, fits: (value: number) => boolean, wanted: string): number {
  const value = from.values[name];
  if (typeof value === "number" && fits(value)) return value;
  throw wrong(from, name, value, wanted, typeof value === "number" ? RangeError : TypeError);
}
