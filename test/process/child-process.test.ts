import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { spawnPlugin } from "../../src/process/child-process.js";
import type { SpawnRequest } from "../../src/process/spawn-child.js";
import { isWithin } from "../../src/process/terminate.js";
import { gate, isAlive } from "../kit/gate.js";

gate();

const PLAIN = { env: {}, cwd: undefined, stdin: true, lifeline: undefined } as const;

function sh(script: string, options: Partial<SpawnRequest> = {}): ReturnType<typeof spawnPlugin> {
  return spawnPlugin({ executable: { file: "/bin/sh", args: ["-c", script] }, ...PLAIN, ...options });
}

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let all = "";
  for await (const chunk of chunks) all += Buffer.from(chunk).toString("latin1");
  return all;
}

test("[F26] a process gets the environment it was given, and nothing of the host's own", async () => {
  process.env["HOST_SECRET"] = "s3cret";
  const running = await sh("exec /usr/bin/env", { env: { A: "1" } });
  const lines = (await text(running.stdout)).trim().split("\n");
  delete process.env["HOST_SECRET"];
  // A shell sets some of its own.
  expect(lines.filter((line) => !/^(PWD|SHLVL|_|OLDPWD)=/.test(line))).toEqual(["A=1"]);
  expect(await running.exited).toEqual({ exitCode: 0, signal: null });
});

test("a process leads a group of its own, whose number is its id", async () => {
  const running = await sh("read line");
  const stat = readFileSync(`/proc/${running.pid}/stat`, "latin1");
  expect(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]).toBe(String(running.pid));
  expect(running.id).toBe(String(running.pid));
  running.signal("SIGKILL");
  expect(await running.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
});

test("[O25] its exit code and signal are told apart", async () => {
  expect(await (await sh("exit 7")).exited).toEqual({ exitCode: 7, signal: null });
  expect(await (await sh("kill -SEGV $$")).exited).toEqual({ exitCode: null, signal: "SIGSEGV" });
});

test("[O12] all that it wrote before its end is read, megabytes that nobody had read included", async () => {
  const running = await sh("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2");
  const [stdout, stderr] = await Promise.all([text(running.stdout), text(running.stderr)]);
  expect([stdout.length, stderr.length]).toEqual([3_000_000, 2_000_000]);
  await running.exited;
});

test("[F15] its death is told though a process of another group holds its pipes, and the pipes end soon after", async () => {
  const running = await sh("setsid sh -c 'echo $$; exec sleep 60' & read line; exit 5");
  const stdout = running.stdout[Symbol.asyncIterator]();
  const pid = Number(String((await stdout.next()).value));
  running.stdin?.write("\n");
  expect(await running.exited).toEqual({ exitCode: 5, signal: null });
  expect(await stdout.next()).toEqual({ done: true, value: undefined });
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
});

test("[F15] what it wrote is read to the end though another process holds its pipes, and that one is not waited for", async () => {
  const running = await sh("setsid sleep 60 & echo $!; read line; head -c 1000000 /dev/zero; head -c 500000 /dev/zero >&2; exit 5");
  const stdout = running.stdout[Symbol.asyncIterator]();
  const pid = Number(String((await stdout.next()).value));
  const rest = Promise.all([text({ [Symbol.asyncIterator]: () => stdout }), text(running.stderr)]);
  running.stdin?.write("\n");
  await running.exited;
  expect(await isWithin(rest, 200)).toBe(true);
  expect((await rest).map((read) => read.length)).toEqual([1_000_000, 500_000]);
  process.kill(pid, "SIGKILL");
});

test("[F15] a process that holds its pipes and goes on writing is heard for a moment longer, and no more", async () => {
  const running = await sh("setsid sh -c 'trap \"\" PIPE; echo $$; while :; do echo more; sleep 0.004; done' & read line; exit 5");
  const stdout = running.stdout[Symbol.asyncIterator]();
  const pid = Number(String((await stdout.next()).value).split("\n")[0]);
  const rest = text({ [Symbol.asyncIterator]: () => stdout });
  running.stdin?.write("\n");
  await running.exited;
  expect(await isWithin(rest, 5_000)).toBe(true);
  expect(isAlive(pid)).toBe(true);
  process.kill(-pid, "SIGKILL");
});

test("[F17, O35] the rest of its group is dead as soon as it has exited, a hundred processes that ignore SIGTERM too", async () => {
  const running = await sh(`i=0; while [ $i -lt 100 ]; do (trap "" TERM; while :; do sleep 60; done) & echo $!; i=$((i+1)); done; exit 0`);
  const stdout = text(running.stdout);
  await running.exited;
  const pids = (await stdout).trim().split("\n");
  expect(pids.length).toBe(100);
  await expect.poll(() => pids.filter(isAlive)).toEqual([]);
});

test("[F18] nothing is signalled once the process has exited", async () => {
  const running = await sh("exit 0");
  await running.exited;
  const sent: unknown[] = [];
  const { kill } = process;
  process.kill = (...args): true => {
    sent.push(args);
    return true;
  };
  try {
    running.signal("SIGTERM");
    running.signal("SIGKILL");
    await isWithin(new Promise(() => {}), 20); // signal() may take a moment; a signal that is never sent has no event.
  } finally {
    process.kill = kill;
  }
  expect(sent).toEqual([]);
});

test("[F18] the group is signalled in the very moment that the exit is told, and never after", async () => {
  const sent: string[] = [];
  const { kill } = process;
  process.kill = (pid, signal): true => {
    sent.push(`${pid} ${String(signal)}`);
    try {
      return kill.call(process, pid, signal);
    } catch {
      return true;
    }
  };
  try {
    const running = await sh("exit 0");
    await running.exited;
    expect(sent).toEqual([`-${running.pid} SIGKILL`]);
    await isWithin(new Promise(() => {}), 300); // Longer than the pipes are drained for.
    expect(sent.length).toBe(1);
  } finally {
    process.kill = kill;
  }
});

test("[F8] a stopped process dies of SIGKILL", async () => {
  const running = await sh("read line");
  process.kill(running.pid, "SIGSTOP");
  running.signal("SIGKILL");
  expect(await running.exited).toEqual({ exitCode: null, signal: "SIGKILL" });
});

test("a process that does not read its stdin breaks nothing when it dies", async () => {
  const running = await sh("exec 0<&-; sleep 0.05; exit 0");
  running.stdin?.write("x".repeat(1_000_000));
  expect(await running.exited).toEqual({ exitCode: 0, signal: null });
});

test("[F23] what the system refuses to start rejects with the system's code", async () => {
  await expect(spawnPlugin({ executable: { file: "/no/such/file", args: [] }, ...PLAIN })).rejects.toMatchObject({
    code: "ENOENT",
  });
  await expect(spawnPlugin({ executable: { file: import.meta.filename, args: [] }, ...PLAIN })).rejects.toMatchObject({
    code: "EACCES",
  });
  await expect(sh("exit 0", { cwd: "/no/such/dir" })).rejects.toMatchObject({ code: "ENOENT" });
});
