import { inspect } from "node:util";
// The package as users get it: another copy of the module than the one under src/.
import { PluginError as OtherPluginError, ValidationError as OtherValidationError } from "mortise";
import { expect, test } from "vitest";
import { isPluginError, PluginError, RemoteError, StartError, ValidationError } from "../src/index.js";

const errors = {
  PluginError: new PluginError("BUSY", "m", { cause: "c" }),
  StartError: new StartError(
    "START_FAILED",
    "m",
    { step: "spawn", reason: "exited", command: "./kv.js", exitCode: 1, signal: null, stderrTail: "t" },
    { cause: "c" },
  ),
  ValidationError: new ValidationError("INVALID_INPUT", "m", [{ message: "i" }], { cause: "c" }),
  RemoteError: new RemoteError("m", { remoteName: "RangeError", remoteCode: "E", data: { a: 1 } }, { cause: "c" }),
};

test.each(Object.entries(errors))("a %s has its name, a stack, its cause, and is a PluginError", (name, error) => {
  expect([error.name, error.message, error.cause]).toEqual([name, "m", "c"]);
  expect(error.stack).toContain("errors.test.ts");
  expect(error).toBeInstanceOf(PluginError);
  expect(String(error)).toBe(`${name}: m`);
});

test("the subclasses carry what their codes are about", () => {
  expect(errors.StartError).toMatchObject({
    code: "START_FAILED",
    step: "spawn",
    command: "./kv.js",
    exitCode: 1,
    signal: null,
    stderrTail: "t",
  });
  expect(new StartError("START_TIMEOUT", "m", { step: "hello", reason: "silent", command: "x" })).toMatchObject({
    exitCode: null,
    signal: null,
    stderrTail: "",
  });
  expect(errors.ValidationError.issues).toEqual([{ message: "i" }]);
  expect(errors.RemoteError).toMatchObject({ code: "REMOTE_ERROR", remoteName: "RangeError", remoteCode: "E", data: { a: 1 } });
});

test("inspecting an error shows its code and data, and no machinery", () => {
  expect(Object.keys(errors.PluginError)).toEqual(["code"]);
  expect(inspect(errors.RemoteError)).not.toMatch(/Symbol|\bname:/);
});

test("isPluginError() knows the errors of another copy of the package", () => {
  const other = new OtherPluginError("CALL_TIMEOUT", "m");
  expect(other).not.toBeInstanceOf(PluginError);
  expect(isPluginError(other)).toBe(true);
  expect(isPluginError(other, "CALL_TIMEOUT")).toBe(true);
  expect(isPluginError(other, "BUSY")).toBe(false);
  expect(isPluginError(new OtherValidationError("INVALID_OUTPUT", "m", []), "INVALID_OUTPUT")).toBe(true);
});

test("isPluginError() is false, and never throws, for everything else", () => {
  const hostile = new Proxy(
    {},
    {
      has: () => {
        throw new Error("no");
      },
    },
  );
  for (const value of [
    undefined,
    null,
    0,
    "BUSY",
    {},
    { code: "BUSY" },
    new Error("BUSY"),
    Object.assign(new Error("x"), { code: "BUSY" }),
    hostile,
  ]) {
    expect(isPluginError(value)).toBe(false);
    expect(isPluginError(value, "BUSY")).toBe(false);
  }
});
