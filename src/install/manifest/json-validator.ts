import type { ErrorObject } from "ajv/dist/2020.js";
import { nearest } from "../../util/options/names.js";
import { showValue } from "../../util/show-value.js";
import { escapeStep } from "../../util/text/json-pointer.js";
import { boundedRegExp } from "./bounded-reg-exp.js";

/** What does not fit, as a JSON pointer and a sentence without it. */
export interface Issue {
  readonly pointer: string;
  readonly message: string;
}
/** Every fault of a value; none if it fits. */
export type Validator = (value: unknown) => readonly Issue[];

/**
 * Compiles a JSON Schema 2020-12; ajv is loaded now. Formats are not checked, as the dialect has it.
 * @param isOurs Its patterns are this package's own, and need no bound. @default false
 * @throws {Error} With what is wrong with the schema.
 */
export async function compileSchema(
  schema: Readonly<Record<string, unknown>>,
  { isOurs = false }: { readonly isOurs?: boolean } = {},
): Promise<Validator> {
  const { default: Ajv } = await import("ajv/dist/2020.js");
  // Another's schema, so: nothing is logged, an unknown keyword is no mistake, and no pattern may run for ever.
  const ajv = new Ajv.default({
    allErrors: true,
    verbose: true,
    strict: false,
    validateFormats: false,
    logger: false,
    addUsedSchema: false,
    ownProperties: true,
    ...(isOurs ? {} : { code: { regExp: boundedRegExp } }),
  });
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : issuesOf(validate.errors ?? []));
}

// Each of these fails where something in it does, which says what.
const SAID_OTHERWISE = new Set(["propertyNames", "if"]);

/** One fault for each place and kind; of alternatives that fit none, that none does. */
function issuesOf(errors: readonly ErrorObject[]): Issue[] {
  const branches = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf").map(({ schemaPath }) => `${schemaPath}/`);
  const issues = errors
    .filter(({ schemaPath, keyword }) => !SAID_OTHERWISE.has(keyword) && !branches.some((branch) => schemaPath.startsWith(branch)))
    .map(issueOf);
  const seen = new Set<string>();
  return issues.filter(({ pointer, message }) => {
    const key = `${pointer} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function issueOf(error: ErrorObject): Issue {
  const { keyword, instancePath, params, data, message = "does not fit" } = error;
  const parent = error.parentSchema as Readonly<Record<string, unknown>> | undefined;
  const wanted = parent?.["$comment"];
  if (keyword === "required") {
    const name = String(params["missingProperty"]);
    const own = (parent?.["properties"] as Readonly<Record<string, Readonly<Record<string, unknown>>>> | undefined)?.[name]?.["$comment"];
    return { pointer: `${instancePath}/${escapeStep(name)}`, message: typeof own === "string" ? `is missing: ${own}` : "is missing" };
  }
  if (keyword === "additionalProperties" || keyword === "unevaluatedProperties") {
    const name = String(params["additionalProperty"] ?? params["unevaluatedProperty"]);
    const meant = nearest(name, new Set(Object.keys((parent?.["properties"] as object | undefined) ?? {})));
    const remedy = meant === undefined ? "" : `; did you mean "${meant}"?`;
    return { pointer: `${instancePath}/${escapeStep(name)}`, message: `is not known${remedy}` };
  }
  const said = typeof wanted === "string" ? wanted : wantedBy(keyword, params, message);
  return { pointer: instancePath, message: `is ${showValue(data)}, and it must be ${said}` };
}

function wantedBy(keyword: string, params: Readonly<Record<string, unknown>>, message: string): string {
  if (keyword === "type") return `of type ${[params["type"]].flat().join(" or ")}`;
  if (keyword === "enum")
    return `one of ${(params["allowedValues"] as readonly unknown[]).map((value) => JSON.stringify(value)).join(", ")}`;
  if (keyword === "const") return JSON.stringify(params["allowedValue"]);
  if (keyword === "pattern") return `what matches ${String(params["pattern"])}`;
  return message.replace(/^must (be )?(NOT )?/, (_all, _be, not) => (not === undefined ? "" : "not ")).replace(/^have/, "such as to have");
}
