import type { Executable } from "./executable.js";
import { freeChunk } from "./free-chunk.js";
import { killOutsiders } from "./process-tree.js";
import { trackGroup } from "./registry.js";
import type { Exit, RunningProcess } from "./runtime.js";
import { spawnChild } from "./spawn-child.js";

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
 * Death is the `exit` event, never `close` or execa's promise, which a grandchild holding a pipe keeps open.
 * @throws {Error} The system's own error, with its code.
 */
export async function spawnPlugin(request: SpawnRequest): Promise<RunningProcess> {
  const { child } = await spawnChild(request);
  const { pid, stdin, stdout, stderr } = child;
  const untrack = trackGroup(pid);
  // A plugin that is gone breaks its stdin; that it is gone is told by its exit.
  stdin.on("error", () => {});
  let gone = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once("exit", (exitCode, signal) => {
      gone = true;
      // At once: while the group has members its number cannot be anybody else's, and later it could.
      endGroup(pid, "SIGKILL");
      untrack();
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

/** A stream's chunks, each valid until the next is asked for; a stream that was destroyed ends like any other. */
async function* chunks(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) {
      const bytes = chunk as unknown as Uint8Array;
      yield bytes;
      // Who asks for the next is done with this one.
      freeChunk(bytes);
    }
  } catch {
    // Cut off after the process's end, see DRAIN_MS.
  }
}
