import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, isAbsolute } from "node:path";
import type { Writable } from "node:stream";
import { processWide } from "../util/process-wide.js";
import { checkDescriptors } from "./free-descriptors.js";
import { GUARDIAN_SCRIPT } from "./guardian-script.js";
import { type ProcessEntry, readEnvironment } from "./process-table.js";

/**
 * `group`: a process group to kill; `polite`: a group that is also to be sent SIGTERM at once; `secret`: a plugin that is known by
 * the secret in its environment alone; `dir`: a directory to remove.
 */
type Kind = "group" | "polite" | "secret" | "dir";

interface Shell {
  readonly child: ChildProcess;
  readonly stdin: Writable;
}

// What the shell does: a list of processes need not show it all.
const SCRIPT_NAME = "MORTISE_GUARDIAN";

// Where something kills each one at once, starting another for ever helps nobody.
const MAX_DEATHS = 10;
// Where systems keep rm, sleep and grep, which the shell calls.
const SYSTEM_DIRS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/** The shell of this process, and all that it guards. */
class Guardian {
  /** As the lines that the shell is told. */
  readonly #guarded = new Set<string>();
  /** There while something is guarded. */
  #shell: Shell | undefined;
  #deaths = 0;

  get isGuarding(): boolean {
    return this.#shell !== undefined;
  }

  get pid(): number | undefined {
    return this.#shell?.child.pid;
  }

  guard(kind: Kind, value: string): () => void {
    const line = `${kind} ${value}\n`;
    this.#guarded.add(line);
    if (this.#shell === undefined) this.#start();
    else this.#shell.stdin.write(line);
    return () => {
      if (!this.#guarded.delete(line)) return;
      if (this.#guarded.size === 0) this.#end();
      else this.#shell?.stdin.write(`un${line}`);
    };
  }

  #start(): void {
    const child = spawnShell();
    if (child === undefined) return;
    // Where the system starts none, plugins still end by their lifeline, and with this process's orderly end.
    child.once("error", () => this.#forget(child));
    child.once("exit", (_code, signal) => {
      const wasOurs = this.#forget(child);
      if (wasOurs && signal !== null && this.#guarded.size > 0 && ++this.#deaths <= MAX_DEATHS) this.#start();
    });
    child.unref();
    const { stdin } = child as { stdin: (Writable & { unref?(): void }) | null | undefined };
    if (child.pid === undefined || !stdin) return; // The system started none: then there may be no streams, either.
    stdin.on("error", () => {}); // It is gone, which its exit tells.
    stdin.unref?.();
    stdin.write([...this.#guarded].join(""));
    this.#shell = { child, stdin };
  }

  #forget(child: ChildProcess): boolean {
    const wasOurs = this.#shell?.child === child;
    if (wasOurs) this.#shell = undefined;
    return wasOurs;
  }

  #end(): void {
    this.#shell?.stdin.end("clear\n");
    this.#shell = undefined;
    this.#deaths = 0;
  }
}

const guardian: Pick<Guardian, "guard" | "isGuarding" | "pid"> = processWide("guardian/1", () => new Guardian());

/**
 * Sees to it that something is ended or removed when this process dies, in whatever way. Returns the way to take it back.
 *
 * It is the work of a shell, for what this process could do itself it could be kept from: one for all that is guarded, which
 * ends with the last of it. Plugins made with this library end by their lifeline as well, a little earlier, with their clean-up.
 */
export function guard(kind: Kind, value: string): () => void {
  // Windows has no such shell; and a list by lines cannot hold what has several.
  if (process.platform === "win32" || value.includes("\n")) return () => {};
  return guardian.guard(kind, value);
}

/** Says whether what is guarded will be seen to when this process ends. */
export function isGuarding(): boolean {
  return guardian.isGuarding;
}

/** The number of this process's own guardian, while there is one. */
export function guardianPid(): number | undefined {
  return guardian.pid;
}

/**
 * Says whether a process is the guardian of some host, by what the system says that it was started as: a shell that leads a session, with
 * nothing in its environment but what a guardian has. Words alone would do for anybody.
 */
export function isGuardian({ pid, name, sessionId }: ProcessEntry): boolean {
  if (name !== "sh" || sessionId !== pid) return false;
  const variables = readEnvironment(pid).map((variable) => variable.slice(0, variable.indexOf("=")));
  return variables.length === 2 && variables.includes("PATH") && variables.includes(SCRIPT_NAME);
}

function spawnShell(): ChildProcess | undefined {
  try {
    checkDescriptors();
  } catch {
    return undefined; // Too many files are open. What is guarded next tries again: a plugin's group, once that could be spawned.
  }
  return spawn("/bin/sh", ["-c", `eval "$${SCRIPT_NAME}"`, `mortise-guardian of process ${process.pid}`], {
    cwd: "/",
    // A session of its own: what a terminal ends this process with must not end the shell before it has done its work.
    detached: true,
    env: { PATH: pathOfShell(process.env["PATH"] ?? ""), [SCRIPT_NAME]: GUARDIAN_SCRIPT },
    stdio: ["pipe", "ignore", "ignore"],
  });
}

/** The host's own PATH, for systems that keep their programs elsewhere, and then what most have: the host's may lead nowhere. */
function pathOfShell(path: string): string {
  return [...new Set([...path.split(delimiter).filter((dir) => isAbsolute(dir)), ...SYSTEM_DIRS])].join(delimiter);
}
