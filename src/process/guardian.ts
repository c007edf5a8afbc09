import { type ChildProcess, spawn } from "node:child_process";
import { delimiter, isAbsolute } from "node:path";
import type { Writable } from "node:stream";
import { isMainThread } from "node:worker_threads";
import { processWide } from "../util/process-wide.js";
import { clearTimeout, now, setTimeout } from "../util/timers.js";
import { checkDescriptors } from "./free-descriptors.js";
import { GUARDIAN_SCRIPT } from "./guardian-script.js";
import { type ProcessEntry, readEnvironment } from "./process-table.js";

/**
 * `group`: a process group to kill; `secret`: a plugin that is known by the secret in its environment alone; `dir`: a directory to
 * remove.
 */
type Kind = "group" | "secret" | "dir";

interface Shell {
  readonly child: ChildProcess;
  readonly stdin: Writable;
}

// What the shell does: a list of processes need not show it all.
const SCRIPT_NAME = "MORTISE_GUARDIAN";

// Where something kills each one at once, another is not started at once for ever.
const MAX_DEATHS = 10;
const RETRY_MS = 2_000;
// Having lived so long, it was not killed at once.
const LONG_LIVED_MS = 10_000;
// Where systems keep rm, sleep and grep, which the shell calls.
const SYSTEM_DIRS = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/** The shell of this process, and all that it guards. */
class Guardian {
  /** As the lines that the shell is told. */
  readonly #guarded = new Set<string>();
  /** There while something is guarded. */
  #shell: Shell | undefined;
  #startedAt = 0;
  #deaths = 0;
  /** Why there is none, while that is so. */
  #trouble: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #told = new Set<(trouble: string) => void>();

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

  watch(tell: (trouble: string) => void): () => void {
    this.#told.add(tell);
    if (this.#trouble !== undefined && this.#shell === undefined) tell(this.#trouble);
    return () => this.#told.delete(tell);
  }

  #start(): void {
    clearTimeout(this.#retry);
    const child = spawnShell();
    if (child === undefined) return this.#tryLater("too many files are open");
    child.once("error", (error: NodeJS.ErrnoException) => {
      this.#forget(child);
      // Where there is no shell none will come: plugins still end by their lifeline, and with this process's orderly end.
      if (error.code !== "ENOENT" && error.code !== "EACCES") this.#tryLater(`it could not be started (${error.code})`);
    });
    child.once("exit", () => this.#forget(child) && this.#afterDeath());
    child.unref();
    const { stdin } = child as { stdin: (Writable & { unref?(): void }) | null | undefined };
    if (child.pid === undefined || !stdin) return; // The system started none: then there may be no streams, either.
    stdin.on("error", () => {}); // It is gone, which its exit tells.
    stdin.unref?.();
    stdin.write([...this.#guarded].join(""));
    this.#startedAt = now();
    this.#shell = { child, stdin };
  }

  #forget(child: ChildProcess): boolean {
    const wasOurs = this.#shell?.child === child;
    if (wasOurs) this.#shell = undefined;
    return wasOurs;
  }

  /** It has died while something is guarded. */
  #afterDeath(): void {
    if (now() - this.#startedAt >= LONG_LIVED_MS) {
      this.#deaths = 0;
      this.#trouble = undefined;
    }
    if (++this.#deaths <= MAX_DEATHS) this.#start();
    else this.#tryLater(`it has been ended ${this.#deaths} times`);
  }

  #tryLater(trouble: string): void {
    if (this.#guarded.size === 0) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#start(), RETRY_MS);
    this.#retry.unref();
    // Once: it may come and go for long.
    if (this.#trouble !== undefined) return;
    this.#trouble = trouble;
    for (const tell of this.#told) tell(trouble);
  }

  #end(): void {
    clearTimeout(this.#retry);
    const shell = this.#shell;
    this.#shell = undefined;
    this.#deaths = 0;
    this.#trouble = undefined;
    if (shell === undefined) return;
    shell.stdin.end("clear\n");
    // The system keeps what is left of a child until the thread that started it has looked, which a thread that is over never does.
    if (!isMainThread) shell.child.ref();
  }
}

const guardian: Pick<Guardian, "guard" | "watch" | "isGuarding" | "pid"> = processWide("guardian/2", () => new Guardian());

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

/**
 * Tells, from now on, when nothing would see to what is guarded, should this process die, with the end of a sentence that says why. It is
 * tried again until something does. Returns the way to stop that.
 */
export function watchGuardian(tell: (trouble: string) => void): () => void {
  return guardian.watch(tell);
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
    return undefined; // Too many files are open. It is tried again: when a plugin's group is guarded, once that could be spawned, and later.
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
