import type { Ajv2020 } from "ajv/dist/2020.js";
import { namesOf } from "../../util/text/json-pointer.js";

/** What does not fit, as it is told to a plugin: its message is a part of a sentence. */
export interface OptionsIssue {
  readonly message: string;
  /** From the options to the value. */
  readonly path: readonly string[];
}

const MOST_ISSUES = 20;

/**
 * What of a plugin's options does not fit the JSON Schema (2020-12) that the plugin gave with its registration; empty if all does.
 *
 * `pattern` and `patternProperties` are left to the plugin: an expression of somebody else's may take for ever. References lead nowhere but
 * into the schema itself.
 */
export async function checkOptions(schema: object, options: unknown): Promise<readonly OptionsIssue[]> {
  const ajv = await newValidator();
  try {
    const validate = ajv.compile(schema);
    validate(options);
    return (validate.errors ?? []).slice(0, MOST_ISSUES).map(({ instancePath, message = "does not fit", params }) => ({
      message: `${shownPath(instancePath)} ${detailed(message, params)}`,
      path: namesOf(instancePath),
    }));
  } catch (cause) {
    return [{ message: `its "optionsSchema" cannot be used: ${(cause as Error).message.slice(0, 300)}`, path: [] }];
  }
}

// Made anew each time: it keeps every schema that it has compiled. Loaded on use: few plugins have a schema.
async function newValidator(): Promise<Ajv2020> {
  const { Ajv2020: Validator } = await import("ajv/dist/2020.js");
  const ajv = new Validator({
    allErrors: true,
    strict: false,
    validateFormats: false,
    inlineRefs: false,
    logger: false,
    addUsedSchema: false,
  });
  for (const keyword of ["pattern", "patternProperties"]) ajv.removeKeyword(keyword);
  return ajv;
}

function shownPath(pointer: string): string {
  return pointer === "" ? "they" : `"${namesOf(pointer).join(".").slice(0, 200)}"`;
}

/** Which member is one too many, and which values there are, the library says beside its message. */
function detailed(message: string, params: Readonly<Record<string, unknown>>): string {
  const { additionalProperty, allowedValues } = params;
  if (typeof additionalProperty === "string") return `must not have "${additionalProperty.slice(0, 200)}"`;
  return Array.isArray(allowedValues) ? `${message} (${allowedValues.slice(0, 20).join(", ").slice(0, 300)})` : message;
}
