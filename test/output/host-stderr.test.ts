import { afterEach, expect, test, vi } from "vitest";
import { hostStderr } from "../../src/output/host-stderr.js";

const log = hostStderr("./kv.js");
afterEach(() => void vi.restoreAllMocks());

function written(log: () => void): string {
  let all = "";
  vi.spyOn(process.stderr, "write").mockImplementation(((text: string, done: () => void) => {
    all += text;
    done();
    return true;
  }) as never);
  log();
  return all;
}

test("without a logger a plugin's stderr, warnings and errors go to the host's, each line behind the plugin's name", () => {
  const output = { stream: "stderr", pid: 7, time: new Date() };
  expect(
    written(() => {
      log.info("plain", output);
      log.debug("a detail", { ...output, n: 1 });
      log.error("Error: boom\n    at x", output);
      log.warn("Cannot pass all of it");
      log.info("another's", { ...output, plugin: "calc" });
    }),
  ).toBe(
    "[./kv.js] plain\n[./kv.js] a detail { n: 1 }\n[./kv.js] error: Error: boom\n[./kv.js]     at x\n[./kv.js] warning: Cannot pass all of it\n[calc] another's\n",
  );
});

test("an error is shown as Node.js shows one, also where it came as an object", () => {
  const error = { name: "Error", message: "no", stack: "Error: no\n    at x" };
  expect(written(() => log.warn("The handler failed", { error, n: 1 }))).toBe(
    "[./kv.js] warning: The handler failed { n: 1 }\n[./kv.js] Error: no\n[./kv.js]     at x\n",
  );
  expect(written(() => log.error("It failed", { error: new TypeError("no") }))).toMatch(/^\[.*\n\[.\/kv.js\] TypeError: no\n/);
});

test("what a plugin prints to stdout, and what only helps to find a fault, does not", () => {
  expect(
    written(() => {
      log.info("on stdout", { stream: "stdout" });
      log.debug("Starting plugin");
    }),
  ).toBe("");
});

test("a stderr that fails ends nothing, and no listener stays on one that does not", () => {
  const before = process.stderr.listenerCount("error");
  written(() => log.warn("once"));
  expect(process.stderr.listenerCount("error")).toBe(before);
});
