import { choice } from "../../util/options/choices.js";
import { flag } from "../../util/options/flags.js";
import { list } from "../../util/options/lists.js";
import { namesIn, nearest } from "../../util/options/names.js";
import { integer } from "../../util/options/numbers.js";
import { mistake, nested, type OptionsSource, option, wrong } from "../../util/options/source.js";
import { DecodeBase64, encodeBase64 } from "./base64.js";
import { type Algorithm, compress } from "./compress.js";
import { Decompress } from "./decompress.js";
import { lengthPrefixed, prefixLength, prefixTextualLength, textualLengthPrefixed } from "./length-prefixed.js";
import { MAX_LENGTH, type Postprocessor, type Preprocessor } from "./processor.js";
import { removeEmpty } from "./remove-empty.js";
import { Separate, separateAfter } from "./separate.js";

/** A step between frames and the codec, by its name, with its configuration where it has one. docs/connectors.md lists them. */
export type Processor = string | { readonly name: string; readonly config?: Readonly<Record<string, unknown>> | undefined };

/** What is made anew for each connection. */
export type MakePreprocessor = () => Preprocessor;

interface Kind<T> {
  readonly config: ReadonlySet<string>;
  read(config: OptionsSource): T;
}

const LENGTH = namesIn("max_length");
const NONE: ReadonlySet<string> = new Set();
const ALGORITHMS: readonly Algorithm[] = ["gzip", "zlib"];

const PREPROCESSORS: ReadonlyMap<string, Kind<MakePreprocessor>> = new Map<string, Kind<MakePreprocessor>>([
  [
    "separate",
    {
      config: namesIn("separator max_length buffered"),
      read(config) {
        const separate = {
          separator: Buffer.from(separatorOf(config)),
          maxLength: maxLengthOf(config),
          buffered: flag(config, "buffered", true),
        };
        return () => new Separate(separate);
      },
    },
  ],
  ["length-prefixed", { config: LENGTH, read: (config) => withLength(config, lengthPrefixed) }],
  ["textual-length-prefixed", { config: LENGTH, read: (config) => withLength(config, textualLengthPrefixed) }],
  ["base64", { config: NONE, read: () => () => new DecodeBase64() }],
  [
    "decompress",
    {
      config: namesIn("algorithm max_length"),
      read(config) {
        const decompress = { algorithm: choice(config, "algorithm", undefined, ALGORITHMS), maxLength: maxLengthOf(config) };
        return () => new Decompress(decompress);
      },
    },
  ],
  ["remove-empty", { config: NONE, read: () => () => removeEmpty }],
]);

const POSTPROCESSORS: ReadonlyMap<string, Kind<Postprocessor>> = new Map<string, Kind<Postprocessor>>([
  ["separate", { config: namesIn("separator"), read: (config) => separateAfter(separatorOf(config)) }],
  ["length-prefixed", { config: NONE, read: () => prefixLength }],
  ["textual-length-prefixed", { config: NONE, read: () => prefixTextualLength }],
  ["base64", { config: NONE, read: () => encodeBase64 }],
  [
    "compress",
    {
      config: namesIn("algorithm level"),
      read: (config) => compress(choice(config, "algorithm", "gzip", ALGORITHMS), integer(config, "level", undefined, 0, 9)),
    },
  ],
]);

/** Reads the option `preprocessors`. @throws {TypeError | RangeError} */
export function readPreprocessors(from: OptionsSource): MakePreprocessor[] {
  return read(from, "preprocessors", PREPROCESSORS);
}

/** Reads the option `postprocessors`. @throws {TypeError | RangeError} */
export function readPostprocessors(from: OptionsSource): Postprocessor[] {
  return read(from, "postprocessors", POSTPROCESSORS);
}

function read<T>(from: OptionsSource, name: string, kinds: ReadonlyMap<string, Kind<T>>): T[] {
  if (from.values[name] === undefined) return [];
  return list(from, name, "a list of names, or of objects with name and config", (entry, place) => readOne(entry, place, kinds));
}

const ENTRY = namesIn("name config");

function readOne<T>(from: OptionsSource, place: string, kinds: ReadonlyMap<string, Kind<T>>): T {
  const isName = typeof from.values[place] === "string";
  const entry = isName ? undefined : nested(from, place, ENTRY, "a name, or an object with name and config");
  if (from.values[place] === undefined) throw wrong(from, place, undefined, "a name, or an object with name and config");
  const given = isName ? from.values[place] : entry?.values["name"];
  const kind = kinds.get(given as string);
  if (kind === undefined) throw unknown(from, isName ? place : `${place}.name`, given, kinds);
  return kind.read(
    nested(entry ?? { ...from, values: {}, prefix: `${from.prefix}${place}.` }, "config", kind.config, configWanted(kind.config)),
  );
}

function configWanted(names: ReadonlySet<string>): string {
  return names.size === 0 ? "left out, or empty" : `an object with ${[...names].join(", ")}`;
}

function unknown(from: OptionsSource, place: string, given: unknown, kinds: ReadonlyMap<string, unknown>): TypeError {
  const names = new Set(kinds.keys());
  if (typeof given !== "string") return wrong(from, place, given, `one of ${[...names].join(", ")}`);
  const meant = nearest(given, names);
  const remedy = meant === undefined ? `there are ${[...names].join(", ")}` : `did you mean "${meant}"?`;
  return mistake(from, `${from.prefix}${place} is "${given.slice(0, 200)}", which is no such processor; ${remedy}`);
}

function withLength(config: OptionsSource, make: (maxLength: number) => Preprocessor): MakePreprocessor {
  const maxLength = maxLengthOf(config);
  return () => make(maxLength);
}

function maxLengthOf(config: OptionsSource): number {
  return integer(config, "max_length", MAX_LENGTH, 1, 2 ** 30);
}

function separatorOf(config: OptionsSource): string {
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  return option(config, "separator", "\n", isText, "a text of at least one character");
}
