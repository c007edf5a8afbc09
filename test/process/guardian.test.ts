import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { guard, isGuarding } from "../../src/process/guardian.js";
import { GUARDIAN_SCRIPT } from "../../src/process/guardian-script.js";
import { gate, isAlive, isGuardian } from "../kit/gate.js";

gate();
const SHELLS = [["/bin/sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]].filter(
  ([file = "", ...args]) => spawnSync(file, [...args, "-c", "exit 0"]).status === 0,
);

/** A process that leads a group, with a child in it that ignores SIGTERM. */
async function group(env: Record<string, string> = {}): Promise<{ pid: number; child: number; gone: Promise<unknown> }> {
  const script = `trap "" TERM; sleep 60 & echo $!; wait`;
  const leader = spawn("/bin/sh", ["-c", script], { detached: true, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] });
  const gone = once(leader, "exit");
  const [chunk] = (await once(leader.stdout, "data")) as [Buffer];
  return { pid: leader.pid as number, child: Number(chunk), gone };
}

/** Tells a guardian's shell so many lines, ends its pipe as a host's death does, and waits for it. */
async function play(shell: readonly string[], lines: readonly string[]): Promise<number | null> {
  const [file = "", ...args] = shell;
  const child = spawn(file, [...args, "-c", GUARDIAN_SCRIPT], { stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  return (await once(child, "exit"))[0] as number | null;
}

test.for(SHELLS)(
  "[P7, O34] in %s the guardian ends groups, and who has a secret, and removes directories, but none that was taken back",
  async (shell) => {
    const secret = "5".repeat(64);
    const dir = mkdtempSync(join(tmpdir(), "guarded-"));
    const names = ["a", "b c", "*", "kept", "$(touch x)", "last"];
    for (const name of names) mkdirSync(join(dir, name));
    const [ended, kept, unknown, forgotten] = await Promise.all([
      group(),
      group(),
      group({ PLUGIN_SECRET: secret }),
      group({ PLUGIN_SECRET: "6".repeat(64) }),
    ]);
    const dirs = names.map((name) => `dir ${join(dir, name)}`);
    const numbers = [`group ${kept.pid}`, `group ${ended.pid}`, `polite ${kept.pid}`, `ungroup ${kept.pid}`, `unpolite ${kept.pid}`];
    const secrets = [`secret ${"6".repeat(64)}`, `secret ${secret}`, `unsecret ${"6".repeat(64)}`];
    await play(shell, [...dirs, ...numbers, ...secrets, `undir ${join(dir, "kept")}`, "ungroup 1", "undir /nothing"]);
    await Promise.all([ended.gone, unknown.gone]);
    await expect.poll(() => [ended.child, unknown.child].filter(isAlive)).toEqual([]);
    expect([kept.pid, kept.child, forgotten.pid, forgotten.child].filter(isAlive).length).toBe(4);
    expect(readdirSync(dir)).toEqual(["kept"]);
    for (const { pid } of [kept, forgotten]) process.kill(-pid, "SIGKILL");
    await Promise.all([kept.gone, forgotten.gone]);
    rmSync(dir, { recursive: true });
  },
);

test.for(SHELLS)("[P9] in %s the guardian just ends when there is nothing left to guard, or when it is told to", async (shell) => {
  const dir = mkdtempSync(join(tmpdir(), "guarded-"));
  expect(await play(shell, [])).toBe(0);
  expect(await play(shell, [`dir ${dir}`, `undir ${dir}`])).toBe(0);
  expect(await play(shell, [`dir ${dir}`, "clear"])).toBe(0);
  expect(existsSync(dir)).toBe(true);
  rmSync(dir, { recursive: true });
});

function guardians(): string[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "latin1").split(" ");
  return children.filter((pid) => pid !== "" && isAlive(pid) && isGuardian(pid));
}

test("[P9] one guardian serves all that is guarded, and ends with the last of it", async () => {
  expect(isGuarding()).toBe(false);
  const releases = ["2", "3", "4"].map((digit) => guard("secret", digit.repeat(64)));
  expect(isGuarding()).toBe(true);
  expect(guardians().length).toBe(1);
  releases[0]?.();
  releases[1]?.();
  releases[1]?.();
  expect(isGuarding()).toBe(true);
  releases[2]?.();
  expect(isGuarding()).toBe(false);
  await expect.poll(guardians).toEqual([]);
});

test("[P7] a value of several lines is not taken for more than it is", () => {
  const release = guard("dir", "/nothing\ngroup 1");
  expect(isGuarding()).toBe(false);
  release();
});
