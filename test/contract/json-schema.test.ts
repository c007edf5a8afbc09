import * as v from "valibot";
import { expect, test } from "vitest";
import * as z from "zod";
import { jsonSchemaOf } from "../../src/contract/json-schema.js";
import type { Schema } from "../../src/index.js";

/** A validator whose converter gives that. */
function giving(input: unknown): Schema {
  const standard = { version: 1 as const, vendor: "test", validate: (value: unknown) => ({ value }), jsonSchema: { input } };
  return { "~standard": standard };
}

test("the JSON Schema of a validator is of what it takes, in 2020-12", () => {
  const schema = z.object({ at: z.string().transform(Number), note: z.string().optional() });
  expect(JSON.parse(jsonSchemaOf(schema) ?? "")).toEqual({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { at: { type: "string" }, note: { type: "string" } },
    required: ["at"],
  });
});

const LACKING: readonly (readonly [what: string, schema: Schema])[] = [
  ["cannot give one at all", v.string()],
  ["checks what JSON Schema cannot say", z.object({ at: z.date() })],
  ["has a converter that is no function", giving("schema")],
  ["gives a boolean", giving(() => true)],
  ["gives null", giving(() => null)],
  ["gives a list", giving(() => [])],
  ["gives an object whose toJSON makes a text of it", giving(() => ({ toJSON: () => "later" }))],
  [
    "gives a cycle",
    giving(() =>
      Object.assign(
        {},
        {
          get self() {
            return this;
          },
        },
      ),
    ),
  ],
  ["gives an object that JSON leaves out", giving(() => ({ toJSON: () => undefined }))],
];

test.each(LACKING)("a validator that %s has no JSON Schema", (_what, schema) => {
  expect(jsonSchemaOf(schema)).toBeUndefined();
});

test("a validator is asked for its JSON Schema once", () => {
  let asked = 0;
  const schema = giving(() => ({ asked: ++asked }));
  expect([jsonSchemaOf(schema), jsonSchemaOf(schema)]).toEqual(['{"asked":1}', '{"asked":1}']);
});
