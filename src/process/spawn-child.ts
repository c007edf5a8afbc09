import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Executable } from "../executable/executable.js";
import { checkDescriptors } from "./free-descriptors.js";

export interface SpawnRequest {
  readonly executable: Executable;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

/** A child process that exists, with all three streams. */
export type Child = ChildProcessByStdio<Writable, Readable, Readable> & { readonly pid: number };
type Execa = typeof import("execa").execa;

const LOOK_MS = 10;
const MAX_LOOKS = 50;
/** Once it was tried. */
let loaded: { readonly execa: Execa | undefined } | undefined;

/**
 * Spawns a child in a process group of its own. It comes in an object, for execa's child is a promise too, of its end.
 * @throws {Error} The system's own error, with its code.
 */
export async function spawnChild(request: SpawnRequest): Promise<{ readonly child: Child }> {
  if (loaded === undefined) {
    checkDescriptors();
    loaded = { execa: await loadExeca() };
    if (loaded.execa === undefined) await closedAfterLoading();
  }
  // In the same turn as the spawn: others may have opened files meanwhile.
  checkDescriptors();
  return loaded.execa === undefined ? spawnPlainly(request) : spawnByExeca(request, loaded.execa);
}

// A module that could not be loaded once, for want of descriptors above all, never can be in this process.
async function loadExeca(): Promise<Execa | undefined> {
  return import("execa").then(
    ({ execa }) => execa,
    () => undefined,
  );
}

/** A module that could not be loaded leaves others behind that are being read, and hold descriptors for a moment longer. */
async function closedAfterLoading(): Promise<void> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    try {
      return checkDescriptors();
    } catch {
      await sleep(LOOK_MS);
    }
  }
}

async function spawnByExeca({ executable: { file, args }, env, cwd }: SpawnRequest, execa: Execa): Promise<{ readonly child: Child }> {
  const child = execa(file, [...args], {
    env: { ...env },
    extendEnv: false,
    ...(cwd === undefined ? {} : { cwd }),
    buffer: false,
    reject: false,
    cleanup: false,
    detached: process.platform !== "win32",
    windowsHide: true,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (child.pid !== undefined) return { child: child as unknown as Child };
  // Here the streams may be undefined. execa's promise knows what the system said.
  const { cause, originalMessage, message } = (await child) as { cause?: unknown; originalMessage?: string; message?: string };
  throw cause instanceof Error ? cause : new Error(originalMessage ?? message ?? "the system refused to start it");
}

async function spawnPlainly({ executable: { file, args }, env, cwd }: SpawnRequest): Promise<{ readonly child: Child }> {
  const detached = process.platform !== "win32";
  const child = spawn(file, args, { env: { ...env }, cwd, detached, windowsHide: true, stdio: "pipe" });
  if (child.pid !== undefined) return { child: child as Child };
  const [error] = (await once(child, "error")) as [Error];
  throw error;
}
