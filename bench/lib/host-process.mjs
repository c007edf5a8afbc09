import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const HOST = fileURLToPath(new URL("../host.mjs", import.meta.url));

/** The last core that this process may use, or undefined where nothing can be pinned. */
export function coreToPin() {
  try {
    const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    const core = allowed?.split(/[,-]/).at(-1);
    return core !== undefined && spawnSync("taskset", ["-c", core, "true"]).status === 0 ? core : undefined;
  } catch {
    return undefined;
  }
}

/** The host process of one contestant, pinned to a core with all that it starts. */
export class HostProcess {
  #child;
  #exited;
  #answer;

  constructor(name, core) {
    this.name = name;
    const node = [process.execPath, HOST, name];
    const [file, ...args] = core === undefined ? node : ["taskset", "-c", core, ...node];
    this.#child = spawn(file, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#exited = once(this.#child, "exit");
    this.#child.on("message", (message) => this.#answer?.(message));
    void this.#exited.then(([code]) => this.#answer?.({ error: `its host process exited with code ${code}` }));
  }

  /** Resolves when it has loaded its contestant. */
  ready() {
    return this.#figures();
  }

  /** Does one thing, and resolves with its figures. */
  run(command) {
    this.#child.send(command);
    return this.#figures();
  }

  async close() {
    await this.run("close");
    await this.#exited;
  }

  /** Ends it, whatever it does. It ends its plugin by itself. */
  abandon() {
    if (this.#child.connected) this.#child.disconnect();
  }

  async #figures() {
    const { figures, error } = await new Promise((resolve) => {
      this.#answer = resolve;
    });
    if (error !== undefined) throw new Error(`Cannot measure "${this.name}": ${error}`);
    return figures;
  }
}
