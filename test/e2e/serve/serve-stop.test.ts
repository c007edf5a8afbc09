import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { MagicCookieKey, MagicCookieValue } from "../../../src/index.js";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();

/** A plugin without a host: it has announced itself, and its lifeline is our end of its stdin. */
async function announced(
  name: string,
  ...args: string[]
): Promise<{ child: ChildProcessWithoutNullStreams; stderr: Promise<string>; exit: Promise<unknown[]> }> {
  const env = { [MagicCookieKey]: MagicCookieValue, PLUGIN_SECRET: "a".repeat(64), PLUGIN_LIFELINE: "stdin" };
  const child = spawn(process.execPath, [fixture(name), ...args], { env });
  const stderr = text(child.stderr);
  const exit = once(child, "exit");
  await once(child.stdout, "data");
  return { child, stderr, exit };
}

test("[O7, O26] serve() resolves at SIGTERM, so that the clean-up runs, and the process exits 0", async () => {
  const { child, stderr, exit } = await announced("cleans-up", "50");
  child.kill("SIGTERM");
  expect(await exit).toEqual([0, null]);
  expect(await stderr).toBe("clean-up began\nclean-up ended\n");
});

test("[O7, O34] serve() resolves at the end of the lifeline, so that the clean-up runs, and the process exits 0", async () => {
  const { child, stderr, exit } = await announced("cleans-up", "50");
  child.stdin.end();
  expect(await exit).toEqual([0, null]);
  expect(await stderr).toBe("clean-up began\nclean-up ended\n");
});

test("[O7, O34] what comes in on the lifeline before its end is of no consequence", async () => {
  const { child, exit } = await announced("echo");
  child.stdin.end("x".repeat(200_000));
  expect(await exit).toEqual([0, null]);
});

test("[O7, O34] a plugin that reads its stdin to the end by itself ends all the same", async () => {
  const { child, exit } = await announced("reads-stdin");
  child.stdin.end();
  expect(await exit).toEqual([0, null]);
});

test.for(["SIGTERM", "lifeline"])("[O7] the process exits 0 after its grace period though a timer holds it: %s", async (how) => {
  const { child, stderr, exit } = await announced("cleans-up", "60000", "holds");
  if (how === "SIGTERM") child.kill("SIGTERM");
  else child.stdin.end();
  expect(await exit).toEqual([0, null]);
  expect(await stderr).toBe("clean-up began\n");
});

test("[F34] the announcement has a line of its own, whatever was printed before", async () => {
  const env = { [MagicCookieKey]: MagicCookieValue, PLUGIN_SECRET: "a".repeat(64) };
  const program = `process.stdout.write("Loading... "); process.argv[1] = "echo"; await import(${JSON.stringify(fixture("echo"))})`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], { env });
  let stdout = "";
  for await (const chunk of child.stdout) {
    stdout += chunk;
    if (stdout.endsWith("|\n")) child.kill("SIGTERM");
  }
  expect(stdout).toMatch(/^Loading\.\.\. \n1\|1\|tcp\|127\.0\.0\.1:\d+\|jsonrpc\|\n$/);
});

test("[O7] a plugin whose announcement nobody can read says so on stderr, and exits 1", async () => {
  const env = { [MagicCookieKey]: MagicCookieValue, PLUGIN_SECRET: "a".repeat(64) };
  const child = spawn(process.execPath, [fixture("echo")], { env });
  child.stdout.destroy();
  const stderr = text(child.stderr);
  expect(await once(child, "exit")).toEqual([1, null]);
  expect(await stderr).toMatch(/^Cannot announce the address: nobody reads stdout \(EPIPE\)\n$/);
});
