import { showValue } from "../show-value.js";
import { hasOnly, isObject, nearest } from "./names.js";

/**
 * Options that are being read. What reads one of them takes this and the option's name, and gives its value or throws; so each sentence
 * is made in one place: `Cannot create a client: heartbeat.intervalMs is 0, and it must be a number of milliseconds above 0`.
 */
export interface OptionsSource {
  /** What was attempted, as the beginning of a sentence: `Cannot create a client`. */
  readonly attempt: string;
  /** What stands before each name in a sentence: nothing, or in a nested object its path: `heartbeat.`. */
  readonly prefix: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Begins to read an object of options.
 * @throws {TypeError} It is no such object, or has a name that is none of these.
 */
export function readOptions(attempt: string, options: unknown, names: ReadonlySet<string>): OptionsSource {
  const source = { attempt, prefix: "", values: options as OptionsSource["values"] };
  if (hasOnly(options, names)) return source;
  throw isObject(options) ? unknownName(source, names) : mistake(source, `the options are ${showValue(options)}, and must be an object`);
}

/**
 * Begins to read an object in an option; without one it is empty.
 * @param names Those that it may have. @default any
 * @param wanted What the option must be, for the sentence.
 * @throws {TypeError} It is no object, or has another name.
 */
export function nested(from: OptionsSource, name: string, names?: ReadonlySet<string>, wanted?: string): OptionsSource {
  const { [name]: values = {} } = from.values;
  if (!isObject(values)) throw wrong(from, name, values, wanted ?? `an object with ${[...(names ?? [])].join(", ")}`);
  const source = { ...from, prefix: `${from.prefix}${name}.`, values };
  if (names === undefined || hasOnly(values, names)) return source;
  throw unknownName(source, names);
}

/** What stands in a place of its own, as the entry of a list, to be read like an option. */
export function placed(from: OptionsSource, place: string, value: unknown): OptionsSource {
  return { ...from, values: { [place]: value } };
}

/** In the place of a default: the option must be given. */
export const REQUIRED: unique symbol = Symbol("required");

/** What an option is where it is left out. */
export type Default<F> = Exclude<F, typeof REQUIRED>;

/**
 * One option, if it fits; where it is left out its default.
 * @param wanted What it must be, as the end of the sentence.
 * @param isNumeric Is a number that does not fit out of a range, and not of the wrong type? @default false
 * @throws {TypeError | RangeError}
 */
export function option<T, F>(
  from: OptionsSource,
  name: string,
  fallback: F,
  fits: (value: unknown) => value is T,
  wanted: string,
  isNumeric?: boolean,
): T | Default<F> {
  const value = from.values[name];
  if (fits(value)) return value;
  if (value === undefined && fallback !== REQUIRED) return fallback as Default<F>;
  throw wrong(from, name, value, wanted, isNumeric);
}

/** The error for an option that is not what it must be. */
export function wrong(from: OptionsSource, name: string, value: unknown, wanted: string, isNumeric?: boolean): TypeError | RangeError {
  const Kind = isNumeric && typeof value === "number" ? RangeError : TypeError;
  return new Kind(`${from.attempt}: ${from.prefix}${name} is ${showValue(value)}, and it must be ${wanted}`);
}

/** The error for another mistake in options: its sentence goes on after what was attempted. */
export function mistake({ attempt }: OptionsSource, sentence: string): TypeError {
  return new TypeError(`${attempt}: ${sentence}`);
}

function unknownName({ attempt, prefix, values }: OptionsSource, names: ReadonlySet<string>): TypeError {
  const unknown = Object.keys(values).find((name) => !names.has(name)) as string;
  const meant = nearest(unknown, names);
  const remedy = meant === undefined ? `the options are ${[...names].join(", ")}` : `did you mean "${prefix}${meant}"?`;
  return new TypeError(`${attempt}: there is no option "${prefix}${unknown}"; ${remedy}`);
}
