import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { guard, guardianPid, isGuarding, watchGuardian } from "../../src/process/guardian.js";
import { GUARDIAN_SCRIPT } from "../../src/process/guardian-script.js";
import { gate, isAlive, isGuardian } from "../kit/gate.js";
import { lacks } from "../kit/languages.js";

gate();

interface Shell {
  readonly shell: string;
  readonly command: readonly [file: string, ...args: string[]];
  /** Makes a directory with the programs that it finds. @default this machine's own */
  readonly tools?: (dir: string) => void;
}

const noBusyBox = lacks("busybox");
const BUSYBOX: readonly Shell[] = [
  { shell: "BusyBox", command: ["busybox", "sh"], tools: linkApplets },
  { shell: "BusyBox whose grep knows no -z", command: ["busybox", "sh"], tools: linkOldApplets },
];
const SHELLS: readonly Shell[] = [
  ...[["/bin/sh"] as const, ["dash"] as const, ["bash", "--posix"] as const]
    .filter(([file, ...args]) => spawnSync(file, [...args, "-c", "exit 0"]).status === 0)
    .map((command) => ({ shell: command[0], command })),
  ...(noBusyBox === undefined ? BUSYBOX : []),
];
if (noBusyBox !== undefined) test.skip(`the guardian in BusyBox: ${noBusyBox}`);

/** What a system has where all programs are BusyBox's. */
function linkApplets(dir: string): void {
  const busybox = execFileSync("/bin/sh", ["-c", "command -v busybox"], { encoding: "utf8" }).trim();
  for (const name of execFileSync(busybox, ["--list"], { encoding: "utf8" }).trim().split("\n")) symlinkSync(busybox, join(dir, name));
}

function linkOldApplets(dir: string): void {
  linkApplets(dir);
  rmSync(join(dir, "grep"));
  rmSync(join(dir, "sleep"));
  const refuse = (name: string, what: string): void =>
    writeFileSync(join(dir, name), `#!/bin/sh\ncase "$*" in ${what}) exit 1 ;; esac\nexec busybox ${name} "$@"\n`, { mode: 0o755 });
  refuse("grep", "-*z*");
  refuse("sleep", "*.*");
}

/** A process that leads a group, with a child in it that ignores SIGTERM. */
async function group(env: Record<string, string> = {}): Promise<{ pid: number; child: number; gone: Promise<unknown> }> {
  const script = `trap "" TERM; sleep 60 & echo $!; wait`;
  const leader = spawn("/bin/sh", ["-c", script], { detached: true, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "ignore"] });
  const gone = once(leader, "exit");
  const [chunk] = (await once(leader.stdout, "data")) as [Buffer];
  return { pid: leader.pid as number, child: Number(chunk), gone };
}

interface Played {
  readonly exitCode: number | null;
  /** What the shell complained of; not that a process is gone that was to be ended. */
  readonly stderr: string;
}

/** Tells a guardian's shell so many lines, ends its pipe as a host's death does, and waits for it. */
async function play({ command: [file, ...args], tools }: Shell, lines: readonly string[]): Promise<Played> {
  const dir = mkdtempSync(join(tmpdir(), "tools-"));
  tools?.(dir);
  const env = tools === undefined ? process.env : { ...process.env, PATH: dir };
  const found = tools === undefined ? file : join(dir, file);
  const child = spawn(found, [...args, "-c", GUARDIAN_SCRIPT], { stdio: ["pipe", "ignore", "pipe"], env });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  const [exitCode] = (await once(child, "close")) as [number | null];
  rmSync(dir, { recursive: true });
  return { exitCode, stderr: stderr.replace(/^.*no such process\n*/gim, "") };
}

test.for(SHELLS)(
  "[P7, O34] in $shell the guardian ends groups, and who has a secret, and removes directories, but none that was taken back",
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
    const numbers = [`group ${kept.pid}`, `group ${ended.pid}`, `ungroup ${kept.pid}`];
    const secrets = [`secret ${"6".repeat(64)}`, `secret ${secret}`, `unsecret ${"6".repeat(64)}`];
    const { stderr } = await play(shell, [...dirs, ...numbers, ...secrets, `undir ${join(dir, "kept")}`, "ungroup 1", "undir /nothing"]);
    await Promise.all([ended.gone, unknown.gone]);
    await expect.poll(() => [ended.child, unknown.child].filter(isAlive)).toEqual([]);
    expect([kept.pid, kept.child, forgotten.pid, forgotten.child].filter(isAlive).length).toBe(4);
    expect(readdirSync(dir)).toEqual(["kept"]);
    expect(stderr).toBe("");
    for (const { pid } of [kept, forgotten]) process.kill(-pid, "SIGKILL");
    await Promise.all([kept.gone, forgotten.gone]);
    rmSync(dir, { recursive: true });
  },
);

test.for(SHELLS)("[P9] in $shell the guardian just ends when there is nothing left to guard, or when it is told to", async (shell) => {
  const dir = mkdtempSync(join(tmpdir(), "guarded-"));
  const silently = { exitCode: 0, stderr: "" };
  expect(await play(shell, [])).toEqual(silently);
  expect(await play(shell, [`dir ${dir}`, `undir ${dir}`])).toEqual(silently);
  expect(await play(shell, [`dir ${dir}`, "clear"])).toEqual(silently);
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

test("[P7] a guardian that is killed again and again is told of, once, and started again later", async () => {
  const told: string[] = [];
  const unwatch = watchGuardian((trouble) => told.push(trouble));
  const release = guard("secret", "7".repeat(64));
  const seen: number[] = [];
  while (told.length === 0) {
    const pid = guardianPid();
    if (pid !== undefined && !seen.includes(pid)) {
      seen.push(pid);
      process.kill(pid, "SIGKILL");
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(seen.length).toBe(11);
  expect(isGuarding()).toBe(false);
  // Who comes meanwhile is told as well.
  const late: string[] = [];
  watchGuardian((trouble) => late.push(trouble))();
  await expect.poll(isGuarding).toBe(true);
  process.kill(guardianPid() as number, "SIGKILL");
  await expect.poll(isGuarding).toBe(false);
  expect([told, late]).toEqual([["it has been ended 11 times"], ["it has been ended 11 times"]]);
  release();
  unwatch();
});

test("[P7] a value of several lines is not taken for more than it is", () => {
  const release = guard("dir", "/nothing\ngroup 1");
  expect(isGuarding()).toBe(false);
  release();
});
