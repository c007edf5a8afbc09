import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { gist, startFailure } from "../../client/start/start-failure.js";
import { clientFor, fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
// Says so on stderr if the plugin listens anywhere.
const SPY = `data:text/javascript,${encodeURIComponent(`
  import { Server } from "node:net";
  const { listen } = Server.prototype;
  Server.prototype.listen = function (...args) { process.stderr.write("IT LISTENS\\n"); return listen.apply(this, args); };
`)}`;

async function runByHand(name: string, env: Record<string, string> = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ["--import", SPY, fixture(name)], { env: { PATH: process.env["PATH"], ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const [code] = await once(child, "close");
  return { code, stdout, stderr };
}

test("[O3, F43] a plugin run by hand explains itself on stderr, prints nothing, listens nowhere and exits 1", async () => {
  const stderr = "This is a plugin: it is started by another program and does nothing on its own.\n";
  for (const name of ["echo", "cookie-of-kv"]) expect(await runByHand(name)).toEqual({ code: 1, stdout: "", stderr });
});

test("[O3, F37, F43] a plugin with another cookie says which variable has it, and exits 1", async () => {
  const stderr =
    "This is a plugin of another program than the one that started it: the magic cookie in KV_PLUGIN is not the one it knows.\n" +
    "  Give both programs the same handshake, or start the plugin that belongs to this program.\n";
  expect(await runByHand("cookie-of-kv", { KV_PLUGIN: "hallo" })).toEqual({ code: 1, stdout: "", stderr });
});

test("[O3] a plugin run by hand with its cookie alone says that nothing is wrong with it, and exits 1", async () => {
  const stderr =
    "Cannot start: there is no PLUGIN_SECRET, which a host makes for each start\n" +
    "  Run by hand, a plugin that is in order comes this far and no further.\n";
  expect(await runByHand("cookie-of-kv", { KV_PLUGIN: "hello" })).toEqual({ code: 1, stdout: "", stderr });
});

test("[O3] the spy of these tests sees a plugin that listens", async () => {
  const env = { KV_PLUGIN: "hello", PLUGIN_SECRET: "ab".repeat(32), PLUGIN_LIFELINE: "stdin", PLUGIN_MIN_PORT: "0", PLUGIN_MAX_PORT: "0" };
  const child = spawn(process.execPath, ["--import", SPY, fixture("cookie-of-kv")], { env: { PATH: process.env["PATH"], ...env } });
  const [text] = await once(child.stderr, "data");
  child.stdin.end();
  child.stdout.resume();
  await once(child, "close");
  expect(String(text)).toBe("IT LISTENS\n");
});

test("[F37, O25] a host with another handshake is told so in its own error", async () => {
  const missing = await startFailure(clientFor("cookie-of-kv"));
  expect(gist(missing)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: 1, signal: null });
  expect(missing.message).toContain(
    "\n  last stderr line: This is a plugin: it is started by another program and does nothing on its own.\n",
  );
  const wrong = await startFailure(clientFor("cookie-of-kv", { handshake: { magicCookieKey: "KV_PLUGIN", magicCookieValue: "hallo" } }));
  expect(wrong.message).toContain("the magic cookie in KV_PLUGIN is not the one it knows.\n");
});

test("[O2, O3] a host and a plugin with the same handshake of their own start", async () => {
  await using client = clientFor("cookie-of-kv", { handshake: { magicCookieKey: "KV_PLUGIN", magicCookieValue: "hello" } });
  expect(await client.start()).toMatchObject({ network: "tcp" });
});
