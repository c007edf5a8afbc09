import type { Executable } from "./executable.js";
import { killOutsiders } from "./process-tree.js";
import { trackGroup } from "./registry.js";
import type { Exit, RunningProcess } from "./runtime.js";

// A grandchild may hold the pipes open for ever after the plugin's own end.
const DRAIN_MS = 250;

export interface SpawnRequest {
  readonly executable: Executable;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string | undefined;
}

/**
 * Spawns a plugin in a process group of its own, all three streams piped.
 *
 * Death is the `exit` event, never execa's promise, which a grandchild holding a pipe keeps open.
 * @throws {Error} The system's own error, with its code.
 */
export async function spawnPlugin({ executable, env, cwd }: SpawnRequest): Promise<RunningProcess> {
  const { execa } = await import("execa");
  const child = execa(executable.file, [...executable.args], {
    env,
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
  const { pid } = child;
  if (pid === undefined) {
    // Here the streams may be undefined. execa's promise knows what the system said.
    const { cause, originalMessage, message } = (await child) as { cause?: unknown; originalMessage?: string; message?: string };
    throw cause instanceof Error ? cause : new Error(originalMessage ?? message ?? "the system refused to start it");
  }
  const untrack = trackGroup(pid);
  const { stdin, stdout, stderr } = child;
  // A plugin that is gone breaks its stdin; that it is gone is told by its exit.
  stdin.on("error", () => {});
  let gone = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (exitCode, signal) => {
      gone = true;
      untrack();
      // At once: while the group has members its number cannot be anybody else's, and later it could.
      endGroup(pid, "SIGKILL");
      stdin.destroy();
      const timer = setTimeout(() => {
        stdout.destroy();
        stderr.destroy();
      }, DRAIN_MS);
      child.once("close", () => clearTimeout(timer));
      resolve({ exitCode, signal });
    });
  });
  return {
    id: String(pid),
    pid,
    stdin,
    stdout: chunks(stdout),
    stderr: chunks(stderr),
    exited,
    signal(name) {
      if (gone) return;
      if (name === "SIGTERM") return endGroup(pid, name);
      void killOutsiders(pid)
        .catch(() => {})
        .then(() => gone || endGroup(pid, name));
    },
  };
}

/** Signals a process group, if it has a member. */
function endGroup(pid: number, name: "SIGTERM" | "SIGKILL"): void {
  if (process.platform === "win32") return;
  try {
    process.kill(-pid, name);
  } catch {
    // It has none: that is what was wanted.
  }
}

/** A stream's chunks; a stream that was destroyed ends like any other. */
async function* chunks(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk as unknown as Uint8Array;
  } catch {
    // Cut off after the process's end, see DRAIN_MS.
  }
}
