import { expect, test, vi } from "vitest";
import { spawnPlugin } from "../../src/process/child-process.js";
import { Descendants } from "../../src/process/descendants.js";
import { readProcess } from "../../src/process/process-table.js";
import type { RunningProcess } from "../../src/process/runtime.js";
import { isWithin } from "../../src/process/terminate.js";
import { gate, isAlive } from "../kit/gate.js";

gate();

interface Parent {
  readonly running: RunningProcess;
  /** In a session of its own. */
  readonly child: number;
  end(): Promise<void>;
}

async function parentOf(command: string): Promise<Parent> {
  const executable = { file: "/bin/sh", args: ["-c", `setsid ${command} & echo $!; read line`] };
  const running = await spawnPlugin({ executable, env: {}, cwd: undefined, stdin: true, lifeline: undefined });
  const { value } = await running.stdout[Symbol.asyncIterator]().next();
  const child = Number(String(Buffer.from(value as Uint8Array)));
  // setsid was started, and takes a moment to do its one work.
  await expect.poll(() => readProcess(child)?.sessionId).toBe(child);
  const end = async (): Promise<void> => {
    running.stdin?.write("\n");
    await running.exited;
  };
  return { running, child, end };
}

test("[F16, O35] who was found while the process lived is killed once it is gone", async () => {
  const { running, child, end } = await parentOf("sleep 600");
  const descendants = new Descendants(running);
  await descendants.find();
  await end();
  expect(isAlive(child)).toBe(true);
  expect(await descendants.end()).toEqual([]);
  expect(isAlive(child)).toBe(false);
});

test("[F16] who was found in its group, and has left it since, is killed too", async () => {
  const script = "exec 3<&0; sh -c 'read line; exec setsid sleep 600' <&3 & echo $!; wait";
  const running = await spawnPlugin({
    executable: { file: "/bin/sh", args: ["-c", script] },
    env: {},
    cwd: undefined,
    stdin: true,
    lifeline: undefined,
  });
  const { value } = await running.stdout[Symbol.asyncIterator]().next();
  const child = Number(String(Buffer.from(value as Uint8Array)));
  const descendants = new Descendants(running);
  await descendants.find();
  expect(readProcess(child)?.groupId).toBe(running.pid);
  running.stdin?.write("\n");
  await expect.poll(() => readProcess(child)?.sessionId).toBe(child);
  running.signal("SIGTERM");
  await running.exited;
  expect(isAlive(child)).toBe(true);
  expect(await descendants.end()).toEqual([]);
  expect(isAlive(child)).toBe(false);
});

test("[F16] who was not found is not looked for, and not signalled", async () => {
  const { running, child, end } = await parentOf("sleep 600");
  const descendants = new Descendants(running);
  await end();
  descendants.find(); // It has another parent by now.
  expect(await descendants.end()).toEqual([]);
  expect(isAlive(child)).toBe(true);
  process.kill(child, "SIGKILL");
});

test("[F16] who cannot be killed is reported", async () => {
  const { running, child, end } = await parentOf("sleep 600");
  const descendants = new Descendants(running);
  await descendants.find();
  await end();
  // As the system does for one that has become another user's.
  const kill = vi.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  try {
    expect(await descendants.end()).toEqual([child]);
    expect(kill).toHaveBeenCalledWith(child, "SIGKILL");
  } finally {
    kill.mockRestore();
  }
  process.kill(child, "SIGKILL");
});

test("[F16] who only calls itself a guardian is killed like anybody else, and not waited for", async () => {
  const { running, child, end } = await parentOf(`/bin/sh -c 'sleep 600; :' "mortise-guardian of process 1"`);
  const descendants = new Descendants(running);
  await descendants.find();
  await end();
  const kill = vi.spyOn(process, "kill");
  try {
    const ended = descendants.end();
    await expect.poll(() => kill.mock.calls.some(([pid, name]) => pid === child && name === "SIGKILL")).toBe(true);
    expect(await ended).toEqual([]);
  } finally {
    kill.mockRestore();
  }
  expect(isAlive(child)).toBe(false);
});

const GUARDIAN = "env -i PATH=/bin:/usr/bin MORTISE_GUARDIAN='sleep 600; :' /bin/sh -c 'eval \"$MORTISE_GUARDIAN\"' mortise-guardian";

test("[F16] a guardian that does not end is killed in the end", async () => {
  const { running, child, end } = await parentOf(GUARDIAN);
  const descendants = new Descendants(running);
  await descendants.find();
  await end();
  expect(await descendants.end()).toEqual([]);
  expect(isAlive(child)).toBe(false);
});

test("[O34] a guardian is not signalled, and waited for", async () => {
  const { running, child, end } = await parentOf(GUARDIAN);
  const descendants = new Descendants(running);
  await descendants.find();
  await end();
  const kill = vi.spyOn(process, "kill");
  try {
    const ended = descendants.end();
    expect(await isWithin(ended, 50)).toBe(false);
    expect(kill).not.toHaveBeenCalled();
    kill.mockRestore();
    process.kill(child, "SIGKILL");
    expect(await ended).toEqual([]);
  } finally {
    kill.mockRestore();
  }
});
