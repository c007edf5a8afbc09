import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Exit, Runtime } from "mortise";

export const niced: Runtime = {
  async start({ command, env, cwd }) {
    // A group of its own, so that all of it can be signalled.
    const child = spawn("nice", ["-n", "10", process.execPath, ...command], { env, cwd, detached: true });
    const exited = new Promise<Exit>((resolve) => child.on("exit", (exitCode, signal) => resolve({ exitCode, signal })));
    child.stdin.on("error", () => {}); // It breaks when the plugin ends.
    await once(child, "spawn"); // Or rejects, and says in the error of start() why not.
    return {
      id: `nice, process ${child.pid}`,
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exited,
      signal(name) {
        process.kill(-(child.pid as number), name);
      },
    };
  },
};
