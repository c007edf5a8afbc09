import type { Schema } from "./schema.js";

/** The dialect that `provides` speaks. */
const DIALECT = { target: "draft-2020-12" };

/** Made once for each schema: it costs more than a call, and each connection asks. */
const made = new WeakMap<Schema, string | undefined>();

/**
 * The text of a JSON Schema (2020-12) of what a schema takes, or undefined where its validator cannot give one.
 *
 * What it takes, not what it makes of it: that is what crosses, since a schema that transforms does so where the value arrives.
 * @see https://standardschema.dev/json-schema
 */
export function jsonSchemaOf(schema: Schema): string | undefined {
  if (!made.has(schema)) made.set(schema, convert(schema));
  return made.get(schema);
}

interface Converter {
  readonly jsonSchema?: { input?(options: typeof DIALECT): unknown };
}

function convert(schema: Schema): string | undefined {
  try {
    const json: unknown = (schema["~standard"] as Converter).jsonSchema?.input?.(DIALECT);
    if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
    const text: string | undefined = JSON.stringify(json);
    return text?.startsWith("{") ? text : undefined; // A toJSON may make anything of it.
  } catch {
    // Not everything that a validator checks can be said as JSON Schema, a Date for one. The member goes without.
    return undefined;
  }
}
