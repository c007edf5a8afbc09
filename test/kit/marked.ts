import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";
import { isAlive } from "./gate.js";

const HOST = fileURLToPath(new URL("../fixtures/hosts/has-plugins.mjs", import.meta.url));
let hosts = 0;

/** A host in a process of its own, whose descendants are known by a mark in their environment. */
export interface MarkedHost {
  readonly process: ChildProcess;
  readonly lines: Interface;
  /** Where its sockets are made. */
  readonly tempDir: string;
  /** The living processes of this host's: itself, its plugins and all that they started. Zombies are dead. */
  living(): number[];
}

/** Starts the host that `has-plugins.mjs` describes. `shell`: what is run in its place, with the host's command as "$@". */
export function startMarkedHost(args: readonly string[], shell = 'exec "$@"'): MarkedHost {
  const mark = `${process.pid}.${++hosts}`;
  const tempDir = mkdtempSync(join(tmpdir(), "host-"));
  const child = spawn("/bin/sh", ["-c", shell, "sh", process.execPath, HOST, ...args], {
    env: { ...process.env, HOST_MARK: mark, TMPDIR: tempDir },
    stdio: ["ignore", "pipe", "ignore"],
  });
  return { process: child, lines: createInterface(child.stdout), tempDir, living: () => living(`HOST_MARK=${mark}\0`) };
}

function living(mark: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isMarked(pid, mark) && isAlive(pid));
}

function isMarked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
  } catch {
    return false;
  }
}
