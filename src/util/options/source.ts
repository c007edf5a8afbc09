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
  if (isObject(options)) throw unknownName(source, names, "the options are");
  throw mistake(source, `the options are ${showValue(options)}, and must be an object`);
}

/**
 * Begins to read an object in an option; without one it is empty.
 * @param names Those that it may have. @default any
 * @param wanted What the option must be, for the sentence.
 * @throws {TypeError} It is no object, or has another name.
 */
export function nested(
  from: OptionsSource,
  name: string,
  names?: ReadonlySet<string>,
  wanted: string = `an object with ${[...(names ?? [])].join(", ")}`,
): OptionsSource {
  const { [name]: value = {} } = from.values;
  if (!isObject(value)) throw wrong(from, name, value, wanted);
  const source = { attempt: from.attempt, prefix: `${from.prefix}${name}.`, values: value };
  if (names !== undefined && !hasOnly(value, names)) throw unknownName(source, names, `${from.prefix}${name} has`);
  return source;
}

/** An option that must be given. @throws {TypeError} */
export function required<T>(from: OptionsSource, name: string, fits: (value: unknown) => value is T, wanted: string): T {
  const value = from.values[name];
  if (fits(value)) return value;
  throw wrong(from, name, value, wanted);
}

/** An option that may be left out. @throws {TypeError} */
export function optional<T, F>(
  from: OptionsSource,
  name: string,
  fallback: F,
  fits: (value: unknown) => value is T,
  wanted: string,
): T | F {
  const value = from.values[name];
  if (value === undefined) return fallback;
  if (fits(value)) return value;
  throw wrong(from, name, value, wanted);
}

/** The error for an option that is not what it must be. */
export function wrong(
  from: OptionsSource,
  name: string,
  value: unknown,
  wanted: string,
  Kind: TypeErrorConstructor | RangeErrorConstructor = TypeError,
): TypeError | RangeError {
  return new Kind(`${from.attempt}: ${from.prefix}${name} is ${showValue(value)}, and it must be ${wanted}`);
}

/** The error for another mistake in options: its sentence goes on after what was attempted. */
export function mistake({ attempt }: OptionsSource, sentence: string): TypeError {
  return new TypeError(`${attempt}: ${sentence}`);
}

function unknownName(source: OptionsSource, names: ReadonlySet<string>, those: string): TypeError {
  const name = Object.keys(source.values).find((each) => !names.has(each)) as string;
  const meant = nearest(name, names);
  const remedy = meant === undefined ? `; ${those} ${[...names].join(", ")}` : `; did you mean "${source.prefix}${meant}"?`;
  return mistake(source, `there is no option "${source.prefix}${name}"${remedy}`);
}
