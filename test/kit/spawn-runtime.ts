import { type ChildProcess, spawn } from "node:child_process";
import type { Address, Exit, Runtime } from "../../src/index.js";

/** What a runtime of the test's own was asked, and what it made. */
export interface SpawnRuntime extends Runtime {
  env: Readonly<Record<string, string>>;
  child: ChildProcess;
}

/** Runs a plugin the way a user's own launcher would: `launcher` and its arguments in front of the command. */
export function spawnRuntime({
  launcher = [],
  detached = true,
  toHost,
}: {
  readonly launcher?: readonly string[];
  readonly detached?: boolean;
  readonly toHost?: (address: Address) => Address;
} = {}): SpawnRuntime {
  const runtime: SpawnRuntime = {
    env: {},
    child: undefined as never,
    async start({ command, env, cwd }) {
      const [file = "", ...args] = [...launcher, process.execPath, ...command];
      const child = spawn(file, args, { env, cwd, detached });
      runtime.env = env;
      runtime.child = child;
      child.stdin.on("error", () => {});
      const exited = new Promise<Exit>((resolve) => child.on("exit", (exitCode, signal) => resolve({ exitCode, signal })));
      await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
      return {
        id: `launched ${child.pid}`,
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        exited,
        ...(toHost === undefined ? {} : { toHost }),
        signal: (name) => void process.kill(detached ? -(child.pid as number) : (child.pid as number), name),
      };
    },
  };
  return runtime;
}
