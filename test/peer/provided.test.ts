import { expect, test } from "vitest";
import * as z from "zod";
import { defineContract, type Implementation, implement, method, notification, type Schema, stream } from "../../src/index.js";
import { announceProvided, readProvided } from "../../src/peer/provided.js";
import { recordsOf } from "../kit/options.js";

const announce = (implementation: Implementation, besideBytes?: number) => announceProvided(recordsOf([implementation]), besideBytes);

test("what a side provides is told with the JSON Schemas of what crosses, of inputs, outputs and items", () => {
  const number = z.string().transform(Number);
  const kv = defineContract("kv", {
    get: method({ input: number, output: z.string() }),
    watch: stream({ output: z.boolean() }),
    note: notification({ input: z.number() }),
    plain: method<string, string>(),
  });
  const implementation = implement(kv, { get: String, watch: async function* () {}, note: () => {}, plain: String });
  expect(announce(implementation)).toEqual([
    {
      name: "kv",
      members: {
        get: { kind: "method", input: expect.objectContaining({ type: "string" }), output: expect.objectContaining({ type: "string" }) },
        watch: { kind: "stream", output: expect.objectContaining({ type: "boolean" }) },
        note: { kind: "notification", input: expect.objectContaining({ type: "number" }) },
        plain: { kind: "method" },
      },
    },
  ]);
});

/** An implementation whose list takes that many bytes with its one schema. */
function sized(bytes: number): Implementation {
  const bare = '[{"name":"kv","members":{"get":{"kind":"method","input":{"title":""}}}}]'.length;
  const input = z.string().meta({ title: "" });
  const jsonSchema = { input: () => ({ title: "x".repeat(bytes - bare) }) };
  const schema: Schema<string> = { "~standard": { ...input["~standard"], jsonSchema } as Schema<string>["~standard"] };
  return implement(defineContract("kv", { get: method({ input: schema }) }), { get: () => {} });
}

test.each([
  [0, 60 * 1024],
  [50_000, 60 * 1024 - 50_000],
])("with %i bytes beside it a list of up to %i bytes has its schemas, and a longer one has none", (beside, most) => {
  expect(JSON.stringify(announce(sized(most), beside))).toHaveLength(most);
  expect(announce(sized(most + 1), beside)).toEqual([{ name: "kv", members: { get: { kind: "method" } } }]);
});

test("a schema that is nested so deep that the message could not be read is left out, and the others are told", () => {
  let deep: z.ZodType = z.string();
  for (let level = 0; level < 20; level++) deep = z.object({ deep });
  const kv = defineContract("kv", { deep: method({ input: deep }), flat: method({ input: z.string() }) });
  const [offer] = announce(implement(kv, { deep: () => {}, flat: () => {} }));
  expect(Object.keys(offer?.members["deep"] ?? {})).toEqual(["kind"]);
  expect(Object.keys(offer?.members["flat"] ?? {})).toEqual(["kind", "input"]);
});

test("of what the other side says it provides the schemas are kept where they are objects, and nothing unknown is", () => {
  const members = {
    get: { kind: "method", input: { type: "string" }, output: true, more: 1 },
    list: { kind: "method", input: [], output: null },
    other: { kind: "event" },
    nothing: null,
  };
  expect(readProvided([{ name: "kv", members }])).toEqual([
    { name: "kv", members: { get: { kind: "method", input: { type: "string" } }, list: { kind: "method" } } },
  ]);
});

test("a member called __proto__ in what the other side provides is a name like any other", () => {
  const [offer] = readProvided(JSON.parse('[{"name":"kv","members":{"__proto__":{"kind":"method"}}}]'));
  expect(Object.keys(offer?.members ?? {})).toEqual(["__proto__"]);
});
