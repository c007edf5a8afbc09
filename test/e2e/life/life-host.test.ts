import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { fixture } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { goneWithin } from "../../kit/own-time.js";

gate();
const HOST = fileURLToPath(new URL("../../fixtures/hosts/has-a-plugin.mjs", import.meta.url));

/** A host program in a process of its own, and the process id of its plugin. */
async function startHost(plugin: string, how: "exits" | "throws" | "stays"): Promise<{ host: ChildProcess; pid: number }> {
  const host = spawn(process.execPath, [HOST, fixture(plugin), how], { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = await once(createInterface(host.stdout), "line");
  return { host, pid: Number(line) };
}

/** A second is promised, from the host's end. */
const gone = (pid: number): Promise<void> => goneWithin(1_000, () => [pid].filter(isAlive));

test.for([
  ["exits", 7],
  ["throws", 1],
] as const)(
  "[P7, F13, O34] a host that %s takes its unmanaged plugin along, one that ignores every request too, and keeps its exit code",
  async ([how, code]) => {
    const { host, pid } = await startHost("never-ends", how);
    const [exitCode] = await once(host, "close");
    expect(exitCode).toBe(code);
    await gone(pid);
  },
);

test.for(["SIGKILL", "SIGTERM"] as const)("[F12, O34] a plugin whose host was ended by %s ends by its lifeline", async (signal) => {
  const { host, pid } = await startHost("echo", "stays");
  expect(isAlive(pid)).toBe(true);
  host.kill(signal);
  await once(host, "close");
  await gone(pid);
});

test("[F12, O34] a plugin whose host was killed ends though its clean-up hangs", async () => {
  const { host, pid } = await startHost("hangs-in-clean-up", "stays");
  host.kill("SIGKILL");
  await once(host, "close");
  await gone(pid);
});

test("[P9] threads that used a plugin and ended leave nothing of its processes behind, zombies included", () => {
  const program = fileURLToPath(new URL("../../fixtures/hosts/in-threads.mjs", import.meta.url));
  expect(execFileSync(process.execPath, [program, fixture("echo")], { encoding: "utf8" })).toBe("[]");
});

test.each([
  ["unix", "option"],
  ["tcp", "early"],
  ["websocket", "late"],
  ["tcp", "and back"],
])("a host that let go of its plugin, over %s, %s, waits for its call, and ends then; so does the plugin", async (...words) => {
  const program = fileURLToPath(new URL("../../fixtures/hosts/lets-go.mjs", import.meta.url));
  const host = spawn(process.execPath, [program, fixture("cleans-up"), ...words], { stdio: ["ignore", "pipe", "ignore"] });
  const [[line], [exitCode]] = await Promise.all([once(createInterface(host.stdout), "line"), once(host, "close")]);
  const [answer, pid] = JSON.parse(line);
  expect([exitCode, answer]).toEqual([0, "done"]);
  await gone(pid);
});
