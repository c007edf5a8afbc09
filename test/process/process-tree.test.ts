import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { readProcess } from "../../src/process/process-table.js";
import { findDescendants, killFound, killOutsiders, stillAlive } from "../../src/process/process-tree.js";
import { gate, isAlive } from "../kit/gate.js";
import { lacks } from "../kit/languages.js";

gate();
const { platform, env } = process;
const { PATH } = env;
afterEach(() => {
  Object.defineProperty(process, "platform", { value: platform });
  env["PATH"] = PATH;
});

interface Family extends Disposable {
  readonly root: number;
  /** In the root's group. */
  readonly inside: number;
  /** In a session of its own. */
  readonly outside: number;
}

/** A process with a child that stayed in its group, and one that left it. */
async function family(): Promise<Family> {
  const script = "sleep 60 & echo $!; setsid sleep 60 & echo $!; wait";
  const child = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  const root = child.pid as number;
  const pids: number[] = [];
  for await (const line of createInterface(child.stdout)) if (pids.push(Number(line)) === 2) break;
  const [inside, outside] = pids as [number, number];
  // setsid was started, and takes a moment to do its one work.
  await expect.poll(() => readProcess(outside)?.sessionId).toBe(outside);
  return {
    root,
    inside,
    outside,
    [Symbol.dispose]() {
      for (const pid of [-root, outside]) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It is dead.
        }
      }
    },
  };
}

test("[F16] findDescendants() finds them, in the group and out of it, and stillAlive() says which of them live", async () => {
  using tree = await family();
  const descendants = await findDescendants(tree.root);
  expect(descendants.map(({ pid, groupId }) => [pid, groupId]).sort()).toEqual(
    [
      [tree.inside, tree.root],
      [tree.outside, tree.outside],
    ].sort(),
  );
  expect(await stillAlive(descendants)).toEqual(descendants);
  process.kill(tree.outside, "SIGKILL");
  await expect.poll(async () => (await stillAlive(descendants)).map(({ pid }) => pid)).toEqual([tree.inside]);
});

test("[F18] findDescendants() finds nobody's below a later process with the same number", async () => {
  using tree = await family();
  expect((await findDescendants(tree.root, readProcess(tree.root)?.startTime)).length).toBe(2);
  expect(await findDescendants(tree.root, "1")).toEqual([]);
});

test("[F18] stillAlive() does not take a later process with the same number for the one that was found", async () => {
  using tree = await family();
  const [descendant] = await findDescendants(tree.root);
  expect(await stillAlive([{ ...descendant!, startTime: "1" }])).toEqual([]);
});

test("[F16, O35] killFound() kills those that were found, and what they have started since", async () => {
  using tree = await family();
  await killFound([readProcess(tree.root)!]);
  await expect.poll(() => [tree.root, tree.inside, tree.outside].filter(isAlive)).toEqual([]);
});

test("[F18] killFound() leaves a later process with the same number alone, and what that has started", async () => {
  using tree = await family();
  await killFound([{ ...readProcess(tree.root)!, startTime: "1" }]);
  expect([tree.root, tree.inside, tree.outside].filter(isAlive)).toEqual([tree.root, tree.inside, tree.outside]);
  expect(readFileSync(`/proc/${tree.root}/stat`, "latin1")).not.toMatch(/\) T /);
});

test("[F18, O28] this process is in nobody's family, though it descends from the root", async () => {
  const parent = readProcess(process.ppid)!;
  expect((await findDescendants(parent.pid)).map(({ pid }) => pid)).not.toContain(process.pid);
});

test("[F16, O35] killOutsiders() kills those that left the group, and leaves the group to its caller", async () => {
  using tree = await family();
  await killOutsiders(tree.root);
  await expect.poll(() => isAlive(tree.outside)).toBe(false);
  expect([isAlive(tree.root), isAlive(tree.inside)]).toEqual([true, true]);
});

test("[F16] where there is no /proc, tree-kill kills the whole tree", async () => {
  using tree = await family();
  Object.defineProperty(process, "platform", { value: "freebsd" });
  await killOutsiders(tree.root);
  Object.defineProperty(process, "platform", { value: platform });
  await expect.poll(() => [tree.root, tree.inside, tree.outside].filter(isAlive)).toEqual([]);
});

test.for([
  ["missing from PATH", undefined],
  ["a file that cannot be run", 0o644],
] as const)("[F19] a ps that is %s harms nothing", async ([, mode]) => {
  using tree = await family();
  const dir = mkdtempSync(join(tmpdir(), "bin-"));
  if (mode !== undefined) {
    writeFileSync(join(dir, "ps"), "");
    chmodSync(join(dir, "ps"), mode);
  }
  env["PATH"] = dir;
  Object.defineProperty(process, "platform", { value: "freebsd" });
  await killOutsiders(tree.root);
  Object.defineProperty(process, "platform", { value: platform });
  await killOutsiders(tree.root); // On Linux no ps is needed.
  await expect.poll(() => isAlive(tree.outside)).toBe(false);
  expect(isAlive(tree.root)).toBe(true);
  rmSync(dir, { recursive: true });
});

test.skipIf(lacks("python3") !== undefined)("[F16] a process whose first thread has ended, and whose others run, is alive", async () => {
  const script = `import ctypes, threading, time
threading.Thread(target=time.sleep, args=[600]).start()
ctypes.CDLL(None).pthread_exit(None)`;
  const { pid = 0 } = spawn("python3", ["-c", script], { stdio: "ignore" });
  const state = (): string => /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1] ?? "";
  await expect.poll(state).toBe("Z");
  const entry = readProcess(pid)!;
  expect(entry).toMatchObject({ pid, parentPid: process.pid });
  await killFound([entry]);
  await expect.poll(() => readProcess(pid)).toBeUndefined();
});

test("[F18] a process that is gone has no descendants, and killing them does nothing", async () => {
  expect(await findDescendants(2 ** 22 + 1)).toEqual([]);
  await killOutsiders(2 ** 22 + 1);
});
