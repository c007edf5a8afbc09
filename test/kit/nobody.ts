import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/** The user whom systems keep for those who own nothing. */
export const NOBODY = 65_534;

/** Why a test cannot act as another user here, if so. */
export const whyNoNobody: string | undefined =
  process.platform === "win32" ? "Windows has no such user" : process.geteuid?.() === 0 ? undefined : "only root can act as another user";

/** Runs a program as another user, with nothing in its environment; resolves with what it printed. The program is a CommonJS module. */
export async function asNobody(program: string, ...args: readonly string[]): Promise<string> {
  const child = spawnAsNobody(program, ...args);
  const [printed] = await Promise.all([text(child.stdout), once(child, "close")]);
  return printed;
}

/** The same as a process, whose stdout is a pipe. */
export function spawnAsNobody(program: string, ...args: readonly string[]): ChildProcessByStdio<null, Readable, null> {
  return spawn(process.execPath, ["--eval", program, ...args], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: "/",
    env: {},
    stdio: ["ignore", "pipe", "inherit"],
  });
}
