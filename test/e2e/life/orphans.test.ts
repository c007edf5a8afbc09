import { on, once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture } from "../../kit/fixtures.js";
import { gate, isAlive, isGuardian } from "../../kit/gate.js";
import { lacks } from "../../kit/languages.js";
import { type MarkedHost, startMarkedHost } from "../../kit/marked.js";
import { goneWithin } from "../../kit/own-time.js";

gate();
const [echo, spins, children] = [fixture("echo"), fixture("spins.py"), fixture("has-children.sh")];
const noPython = lacks("python3");
/** Plugins of every kind, and how many processes they are together, the host included. */
const KINDS = [echo, `unix:${echo}`, `stdin:${fixture("never-ends")}`, children, ...(noPython === undefined ? [spins] : [])];
const PROCESSES = 1 + KINDS.length + 3;
// From the host's end.
const PROMISED_MS = 1_000;

/** A host with plugins of every kind, all running. */
async function startAll(how = "stays", shell?: string): Promise<MarkedHost> {
  const host = startMarkedHost([how, "told", ...KINDS], shell);
  await expect.poll(() => host.living().length).toBeGreaterThanOrEqual(PROCESSES);
  return host;
}

/** A host whose plugins have all said that they are ready. */
async function startReady(how: string, kinds: readonly string[], shell?: string): Promise<MarkedHost> {
  const host = startMarkedHost([how, "told", ...kinds], shell);
  for await (const [line] of on(host.lines, "line")) if (line === "ready") break;
  return host;
}

async function allGone(host: MarkedHost, but: readonly number[] = []): Promise<void> {
  await goneWithin(PROMISED_MS, () => [...host.living().filter((pid) => !but.includes(pid)), ...readdirSync(host.tempDir)]);
  rmSync(host.tempDir, { recursive: true });
}

/** A directory with a `sleep` that notes for how long it was asked, and lasts until it is let go. */
function heldSleep(): { readonly dir: string; asked(): string; letGo(): void } {
  const dir = mkdtempSync(join(process.env["TMPDIR"] as string, "sleep-"));
  const [asked, go] = [join(dir, "asked"), join(dir, "go")];
  const script = `#!/bin/sh\necho "$1" >>'${asked}'\nwhile [ ! -e '${go}' ]; do /bin/sleep 0.01; done\n`;
  writeFileSync(join(dir, "sleep"), script, { mode: 0o755 });
  return { dir, asked: () => (existsSync(asked) ? readFileSync(asked, "latin1") : ""), letGo: () => writeFileSync(go, "") };
}

test.for(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
  "[F12, F13, O34, P7] a host ended by %s takes along plugins in any language, busy, deaf or with children, and their sockets",
  async (signal) => {
    const host = await startAll();
    host.process.kill(signal);
    expect((await once(host.process, "close"))[1]).toBe(signal);
    await allGone(host);
  },
);

test.for([
  ["exits", 7],
  ["throws", 1],
] as const)("[F13, O34, P7] a host that %s takes its plugins along, whatever they are, and keeps its exit code", async ([how, code]) => {
  const host = await startAll(how);
  host.process.kill("SIGHUP");
  expect((await once(host.process, "close"))[0]).toBe(code);
  await allGone(host);
});

test("[F14] a host that is a zombie, since its parent does not reap it, takes its plugins along", async () => {
  const host = await startAll("stays", '"$@" & exec sleep 600');
  const parent = host.process.pid as number;
  const [pid = 0] = readFileSync(`/proc/${parent}/task/${parent}/children`, "latin1").trim().split(" ").map(Number);
  process.kill(pid, "SIGKILL");
  await allGone(host, [parent]);
  expect(readFileSync(`/proc/${pid}/stat`, "latin1")).toMatch(/^\d+ \(.*\) Z /);
  host.process.kill("SIGKILL");
  await once(host.process, "close");
});

test.for([0, 2, 5, 10, 20, 40, 60, 90, 130, 180])(
  "[L10, F12, O34] a host killed %i ms into the start of its plugins leaves none, and no socket",
  async (ms) => {
    const host = startMarkedHost(["stays", "0", ...KINDS]);
    await once(host.lines, "line");
    await new Promise((resolve) => setTimeout(resolve, ms)); // The moment is the test's input.
    host.process.kill("SIGKILL");
    await once(host.process, "close");
    await allGone(host);
  },
);

test.for([
  ["exits", "without a stdin", ""],
  ["throws", "without a stdin", ""],
  ["exits", "that was given a stdin", "stdin:"],
] as const)("[O34, P7] when a host %s, a plugin %s has the time to clean up", async ([how, , kind]) => {
  // Until the guardian's wait is over, which on a loaded machine might not be long enough.
  const sleep = heldSleep();
  const file = join(process.env["TMPDIR"] as string, "told");
  const host = await startReady(how, [`${kind}${fixture("tells-its-end")},${file}`], `PATH='${sleep.dir}' exec "$@"`);
  host.process.kill("SIGHUP");
  await once(host.process, "close");
  await expect.poll(() => existsSync(file) && readFileSync(file, "utf8")).toBe("cleaned up");
  await expect.poll(sleep.asked).toBe("0.3\n");
  sleep.letGo();
  await allGone(host);
  rmSync(file);
  rmSync(sleep.dir, { recursive: true });
});

test.for(["/nonexistent", "", "."])(
  "[F12, F19, O34] a host whose PATH is %j takes its plugins along, their sockets too, and leaves them the time to clean up",
  async (path) => {
    const host = await startReady("stays", [`unix:${echo}`, `stdin:${fixture("never-ends")}`], `PATH='${path}' exec "$@"`);
    const killedAt = performance.now();
    host.process.kill("SIGKILL");
    await once(host.process, "close");
    await allGone(host);
    // One of them ends by no clean-up of its own.
    expect(performance.now() - killedAt).toBeGreaterThanOrEqual(300);
  },
);

test("[P7] a guardian that somebody kills is started again, and both end with the host", async () => {
  const host = await startAll();
  const pid = host.process.pid as number;
  const guardians = (): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").map(Number).filter(isGuardian);
  const [first = 0] = guardians();
  process.kill(first, "SIGKILL");
  await expect.poll(() => guardians().filter((guardian) => guardian !== first && isAlive(guardian)).length).toBe(1);
  const [second = 0] = guardians().filter((guardian) => guardian !== first);
  // In the turn that starts it the host also tells it what to guard.
  const lines = on(host.lines, "line");
  host.process.kill("SIGUSR2");
  for await (const [line] of lines) if (line === "awake") break;
  host.process.kill("SIGKILL");
  await once(host.process, "close");
  await allGone(host);
  await expect.poll(() => isAlive(second)).toBe(false);
});
