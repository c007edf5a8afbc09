import { expect, test } from "vitest";
import * as z from "zod";
import { validate } from "../../src/contract/schema.js";
import type { ValidationError } from "../../src/errors.js";
import { rejection } from "../kit/fixtures.js";

const subject = { code: "INVALID_INPUT", name: "kv.get", side: "caller" } as const;
const failure = (schema: z.ZodType, value: unknown): ValidationError => {
  try {
    validate(schema, value, subject);
  } catch (error) {
    return error as ValidationError;
  }
  throw new Error("It fits");
};

test("validate() returns what a synchronous schema makes of a value, at once", () => {
  expect(validate(z.string().transform(Number), "12", subject)).toBe(12);
});

test("validate() resolves with what an asynchronous schema makes of a value", async () => {
  const schema = z.string().refine(async (text) => text !== "no");
  expect(validate(schema, "yes", subject)).toBeInstanceOf(Promise);
  expect(await validate(schema, "yes", subject)).toBe("yes");
  expect(await rejection(validate(schema, "no", subject) as Promise<unknown>)).toMatchObject({
    name: "ValidationError",
    code: "INVALID_INPUT",
  });
});

test("a schema whose promise is of another kind is waited for as well", async () => {
  const then = (resolve: (result: object) => void) => resolve({ value: 5 });
  const schema: any = { "~standard": { version: 1, vendor: "test", validate: () => ({ then }) } };
  expect(await validate(schema, 1, subject)).toBe(5);
});

test("the error says what does not fit, where, and who found it, and holds the issues", () => {
  const error = failure(z.object({ key: z.object({ id: z.number() }), tags: z.array(z.string()) }), { key: { id: "x" }, tags: ["a", 5] });
  expect(error.name).toBe("ValidationError");
  expect(error.code).toBe("INVALID_INPUT");
  expect(error.message.split("\n")).toEqual([
    'Cannot call "kv.get": the input does not fit its schema, as the caller found',
    expect.stringMatching(/^ {2}key\.id: .*number/),
    expect.stringMatching(/^ {2}tags\.1: .*string/),
  ]);
  expect(error.issues.map(({ path }) => path)).toEqual([
    ["key", "id"],
    ["tags", 1],
  ]);
});

test("the sentence shows five issues, and counts the others", () => {
  const error = failure(z.array(z.string()), [1, 2, 3, 4, 5, 6, 7]);
  expect(error.message.split("\n")).toHaveLength(7);
  expect(error.message).toMatch(/\n {2}and 2 more$/);
  expect(error.issues).toHaveLength(7);
});

test("an issue without a path, and one whose path has objects, are told as well", () => {
  const issues = [{ message: "no" }, { message: "neither", path: [{ key: "a" }, "b"] }];
  const schema: any = { "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) } };
  expect(() => validate(schema, 1, { ...subject, code: "INVALID_OUTPUT", side: "provider" })).toThrow(
    'Cannot call "kv.get": the output does not fit its schema, as the provider found\n  no\n  a.b: neither',
  );
});
