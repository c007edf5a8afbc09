import { on, once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixture } from "../../kit/fixtures.js";
import { gate, isAlive, isGuardian } from "../../kit/gate.js";
import { lacks } from "../../kit/languages.js";
import { type MarkedHost, startMarkedHost } from "../../kit/marked.js";

gate();
const [echo, spins, children] = [fixture("echo"), fixture("spins.py"), fixture("has-children.sh")];
const noPython = lacks("python3");
/** Plugins of every kind, and how many processes they are together, the host included. */
const KINDS = [echo, `unix:${echo}`, `stdin:${fixture("never-ends")}`, children, ...(noPython === undefined ? [spins] : [])];
const PROCESSES = 1 + KINDS.length + 3;
// A second is promised, from the host's end; the rest is for a machine that runs other tests at the same time.
const BOUND_MS = 2_500;

/** A host with plugins of every kind, all running. */
async function startAll(how = "stays", ms = 0, shell?: string): Promise<MarkedHost> {
  const host = startMarkedHost([how, String(ms), ...KINDS], shell);
  await expect.poll(() => host.living().length, { timeout: 20_000, interval: 20 }).toBeGreaterThanOrEqual(PROCESSES);
  return host;
}

async function allGone(host: MarkedHost, but: readonly number[] = []): Promise<void> {
  const begun = performance.now();
  const left = (): unknown => [host.living().filter((pid) => !but.includes(pid)), readdirSync(host.tempDir)];
  await expect.poll(left, { timeout: 10_000, interval: 10 }).toEqual([[], []]);
  expect(performance.now() - begun).toBeLessThan(BOUND_MS);
  rmSync(host.tempDir, { recursive: true });
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
  const host = startMarkedHost([how, "700", ...KINDS]);
  expect((await once(host.process, "close"))[0]).toBe(code);
  await allGone(host);
});

test("[F14] a host that is a zombie, since its parent does not reap it, takes its plugins along", async () => {
  const host = await startAll("stays", 0, '"$@" & exec sleep 600');
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
  ["exits", "whose stdin is its lifeline", ""],
  ["throws", "whose stdin is its lifeline", ""],
  ["exits", "that was given a stdin", "stdin:"],
] as const)("[O34, P7] when a host %s, a plugin %s has the time to clean up", async ([how, , kind]) => {
  const file = join(process.env["TMPDIR"] as string, "told");
  const host = startMarkedHost([how, "700", `${kind}${fixture("tells-its-end")},${file}`]);
  await once(host.process, "close");
  await allGone(host);
  expect(existsSync(file) && readFileSync(file, "utf8")).toBe("cleaned up");
  rmSync(file);
});

test.for(["/nonexistent", "", "."])(
  "[F12, F19, O34] a host whose PATH is %j takes its plugins along, their sockets too, and leaves them the time to clean up",
  async (path) => {
    const file = join(process.env["TMPDIR"] as string, "told");
    const kinds = [`unix:${echo}`, `stdin:${fixture("never-ends")}`, `${fixture("tells-its-end")},${file}`];
    const host = startMarkedHost(["stays", "0", ...kinds], `PATH='${path}' exec "$@"`);
    for await (const [line] of on(host.lines, "line")) if (line === "ready") break;
    host.process.kill("SIGKILL");
    await once(host.process, "close");
    await allGone(host);
    expect(existsSync(file) && readFileSync(file, "utf8")).toBe("cleaned up");
    rmSync(file);
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
