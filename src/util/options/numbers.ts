import { type Default, type OptionsSource, option } from "./source.js";

/** Says whether a value says how long to wait: in milliseconds, or `Infinity`. */
export function isPatience(value: unknown): value is number {
  return typeof value === "number" && value > 0;
}

/** What a time may be. */
export interface TimeRange {
  /** May it be 0? @default false */
  readonly zero?: boolean;
}

/** An option that says how long to wait: in milliseconds, or `Infinity`. @throws {TypeError | RangeError} */
export function patience<F>(from: OptionsSource, name: string, fallback: F, { zero = false }: TimeRange = {}): number | Default<F> {
  const fits = (value: unknown): value is number => isPatience(value) || (zero && value === 0);
  return option(from, name, fallback, fits, `a number of milliseconds ${zero ? "from" : "above"} 0, or Infinity`, true);
}

/** An option that is a time in milliseconds. @throws {TypeError | RangeError} */
export function duration<F>(from: OptionsSource, name: string, fallback: F, { zero = false }: TimeRange = {}): number | Default<F> {
  const fits = (value: unknown): value is number => Number.isFinite(value) && (isPatience(value) || (zero && value === 0));
  return option(from, name, fallback, fits, `a number of milliseconds ${zero ? "from" : "above"} 0`, true);
}

/** An option that is a whole number of a range, ends included. @throws {TypeError | RangeError} */
export function integer<F>(
  from: OptionsSource,
  name: string,
  fallback: F,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number | Default<F> {
  const fits = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
  const end = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  return option(from, name, fallback, fits, `a whole number from ${least}${end}`, true);
}
