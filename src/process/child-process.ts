import type { Socket } from "node:net";
import { deferred } from "../util/deferred.js";
import { clearTimeout, now, setImmediate, setTimeout } from "../util/timers.js";
import { freeChunk } from "./free-chunk.js";
import { killOutsiders } from "./process-tree.js";
import { trackGroup } from "./registry.js";
import type { Exit, RunningProcess } from "./runtime.js";
import { type Child, type SpawnRequest, spawnChild } from "./spawn-child.js";

// What a plugin wrote is in its pipes once its exit is known; a descendant may hold them open for ever, and go on writing.
const DRAIN_MS = 250;
const QUIET_MS = 10;

/**
 * Spawns a plugin in a process group of its own.
 *
 * Death is the `exit` event, never `close`, which waits for as long as a grandchild holds a pipe open.
 * @throws {Error} The system's own error, with its code.
 */
export async function spawnPlugin(request: SpawnRequest): Promise<RunningProcess> {
  const child = await spawnChild(request);
  const { pid, stdin, stdout, stderr, lifeline } = child;
  const untrack = trackGroup(pid);
  // A plugin that is gone breaks its stdin; that it is gone is told by its exit.
  stdin?.on("error", () => {});
  lifeline?.on("error", () => {});
  const refused = deferred<void>();
  const end = (name: "SIGTERM" | "SIGKILL"): void => {
    if (!endGroup(pid, name)) refused.resolve();
  };
  let gone = false;
  const exited = new Promise<Exit>((resolve) => {
    child.process.once("exit", (exitCode, signal) => {
      gone = true;
      // At once: while the group has members its number is given to no other, and later it could be.
      endGroup(pid, "SIGKILL");
      untrack();
      stdin?.destroy();
      lifeline?.destroy();
      closePipes(child);
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
    refused: refused.promise,
    hold(holds) {
      for (const each of [child.process, stdin, stdout, stderr, lifeline])
        (each as Partial<Socket> | undefined)?.[holds ? "ref" : "unref"]?.();
    },
    signal(name) {
      if (gone) return;
      if (name === "SIGTERM") return end(name);
      void killOutsiders(pid)
        .catch(() => {})
        // Windows has no groups. Where there was no taskkill to end what the plugin has started, the plugin itself is.
        .then(() => gone || (process.platform === "win32" ? void child.process.kill(name) : end(name)));
    },
  };
}

/** Closes the pipes of a process that has exited, once what is in them has been read. */
function closePipes(child: Child): void {
  const pipes = [child.stdout, child.stderr];
  const giveUpAt = now() + DRAIN_MS;
  let timer: NodeJS.Timeout | undefined;
  let before = -1;
  const look = (): void => {
    const read = pipes.reduce((sum, pipe) => sum + ((pipe as Partial<Socket>).bytesRead ?? 0), 0);
    const quiet = read === before && pipes.every(({ readableLength }) => readableLength === 0);
    if (quiet || now() >= giveUpAt) {
      for (const pipe of pipes) pipe.destroy();
      return;
    }
    before = read;
    // Where this program was held up, the timer is due before what the pipes hold has been read.
    timer = setTimeout(() => setImmediate(look), QUIET_MS);
  };
  child.process.once("close", () => clearTimeout(timer));
  look();
}

/** Signals a process group, if it has a member. False where the system refuses that: they have become another user's, or we have. */
function endGroup(pid: number, name: "SIGTERM" | "SIGKILL"): boolean {
  if (process.platform === "win32") return true;
  try {
    process.kill(-pid, name);
    return true;
  } catch (error) {
    // Most often it has none: that is what was wanted.
    return (error as NodeJS.ErrnoException).code !== "EPERM";
  }
}

/** A stream's chunks, each valid until the next is asked for; a stream that was destroyed ends like any other. */
async function* chunks(stream: NodeJS.ReadableStream): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) {
      const bytes = chunk as unknown as Uint8Array;
      yield bytes;
      // A reader that asks for the next chunk is done with this one.
      freeChunk(bytes);
    }
  } catch {
    // Cut off after the process's end, see closePipes().
  }
}
