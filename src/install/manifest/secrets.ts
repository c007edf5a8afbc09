import { escapeStep, unescapeStep } from "../../util/text/json-pointer.js";
import type { Issue } from "./json-validator.js";

type Schema = Readonly<Record<string, unknown>>;

/** What a secret is shown as. */
export const MASK = "********";

/**
 * The places of secrets in settings: JSON pointers of `writeOnly` values, `*` for any entry of a list or object. Where several schemas say
 * what a value is (`allOf`, `anyOf`, `oneOf`, `if`, `$ref` into `$defs`), one that makes it a secret is enough.
 */
export function secretsOf(schema: Schema): ReadonlySet<string> {
  const places = new Set<string>();
  collect(schema, schema, "", places, new Set());
  return places;
}

/** Faults of how a schema has secrets: one that is the whole, or that lies where it cannot be found. */
export function faultsOfSecrets(schema: Schema): Issue[] {
  return secretsOf(schema).has("") ? [{ pointer: "/settings", message: "is writeOnly as a whole: make the values secrets that are" }] : [];
}

const SAME_PLACE = ["allOf", "anyOf", "oneOf"] as const;

function collect(schema: unknown, root: Schema, place: string, places: Set<string>, seen: ReadonlySet<unknown>): void {
  // A schema may refer to itself: below that, the same would come again.
  if (!isObject(schema) || seen.has(schema)) return;
  const next = new Set([...seen, schema]);
  if (schema["writeOnly"] === true) places.add(place);
  const same = [schema["if"], schema["then"], schema["else"], refOf(schema, root), ...SAME_PLACE.flatMap((name) => listOf(schema[name]))];
  for (const part of same) collect(part, root, place, places, next);
  for (const part of Object.values(objectOf(schema["dependentSchemas"]))) collect(part, root, place, places, next);
  for (const [name, part] of Object.entries(objectOf(schema["properties"])))
    collect(part, root, `${place}/${escapeStep(name)}`, places, next);
  const any = [
    schema["items"],
    schema["additionalProperties"],
    schema["unevaluatedProperties"],
    schema["unevaluatedItems"],
    schema["contains"],
  ];
  for (const part of [...any, ...listOf(schema["prefixItems"]), ...Object.values(objectOf(schema["patternProperties"]))])
    collect(part, root, `${place}/*`, places, next);
}

/** What a `$ref` within the schema leads to. */
function refOf(schema: Schema, root: Schema): unknown {
  const ref = schema["$ref"] ?? schema["$dynamicRef"];
  if (typeof ref !== "string" || !ref.startsWith("#/")) return undefined;
  const steps = decodeURIComponent(ref.slice(2)).split("/");
  return steps.reduce<unknown>((at, step) => (isObject(at) ? at[unescapeStep(step)] : undefined), root);
}

/** The same settings with every secret masked. What is unset stays unset. */
export function maskSecrets(settings: unknown, secrets: ReadonlySet<string>): unknown {
  return secrets.size === 0 ? settings : walk(settings, secrets, "", () => MASK);
}

/** Settings that were read masked and are written back: a masked secret stays what it was. */
export function unmaskSecrets(settings: unknown, secrets: ReadonlySet<string>, old: unknown): unknown {
  if (secrets.size === 0) return settings;
  return walk(settings, secrets, "", (value, path) => (value === MASK ? (valueAt(old, path) ?? value) : value));
}

/** The texts of all secrets that are set, for a log that must not hold them. */
export function secretTexts(settings: unknown, secrets: ReadonlySet<string>): string[] {
  const texts: string[] = [];
  walk(settings, secrets, "", (value) => {
    collectTexts(value, texts);
    return value;
  });
  return texts;
}

function collectTexts(value: unknown, texts: string[]): void {
  if (typeof value === "string" && value.length >= 4) texts.push(value);
  else if (typeof value === "object" && value !== null) for (const part of Object.values(value)) collectTexts(part, texts);
}

function walk(
  value: unknown,
  secrets: ReadonlySet<string>,
  place: string,
  onSecret: (value: unknown, path: readonly string[]) => unknown,
  path: readonly string[] = [],
  places: readonly string[] = [place],
): unknown {
  if (places.some((each) => secrets.has(each))) return value === undefined ? undefined : onSecret(value, path);
  if (Array.isArray(value))
    return value.map((entry, index) => walk(entry, secrets, "", onSecret, [...path, String(index)], below(places, "*")));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(([name, part]) => [
    name,
    walk(part, secrets, "", onSecret, [...path, name], [...below(places, escapeStep(name)), ...below(places, "*")]),
  ]);
  return Object.fromEntries(entries) as unknown;
}

function below(places: readonly string[], step: string): string[] {
  return places.map((place) => `${place}/${step}`);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === "object" && at !== null && Object.hasOwn(at, step) ? (at as Schema)[step] : undefined),
    value,
  );
}

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Schema {
  return isObject(value) ? value : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
