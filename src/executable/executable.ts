import { constants } from "node:fs";
import { access, open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { CommandLine } from "./command.js";
import { ownProgram } from "./own-program.js";
import { checkFile, findProgram } from "./program.js";
import { findRunner, type ScriptOptions } from "./runner.js";
import type { Surroundings } from "./search-path.js";
import { reasonIn, StartFault } from "./start-fault.js";
import { isTypeScript } from "./typescript.js";

/** What is run: an absolute path and its arguments. Found once, so that nothing later on PATH or in a directory comes first. */
export interface Executable {
  readonly file: string;
  readonly args: readonly string[];
  /** The file that the plugin is made of: for a script, the script and not what runs it. */
  readonly source: string;
  /** What runs the script, with its own arguments; empty where the system runs the file. */
  readonly runner: readonly string[];
  /** Variables that the plugin needs besides. */
  readonly env: Readonly<Record<string, string>>;
}

const SCRIPT = /\.[cm]?[jt]s$/;

/**
 * Finds what a command means, and says plainly what keeps it from being run.
 *
 * A script is run by Node.js, and not by itself; but for TypeScript that is executable and begins with `#!`, which says itself what runs it.
 * @throws {Error} With the end of a sentence: `there is no file …`.
 */
export async function findExecutable(
  [name, ...args]: CommandLine,
  surroundings: Surroundings,
  options: ScriptOptions = {},
): Promise<Executable> {
  if (!SCRIPT.test(name)) return asProgram(await findProgram(name, surroundings), args);
  const { script, mode } = await findScript(name, surroundings);
  const isGiven = options.interpreter !== undefined || options.execArgv !== undefined;
  if (!isGiven && isTypeScript(name) && (mode & 0o111) !== 0 && (await namesInterpreter(script))) {
    return asProgram(await findProgram(script, surroundings), args);
  }
  const { file, args: before, env } = await findRunner(script, surroundings, options);
  return { file, args: [...before, script, ...args], source: script, runner: [file, ...before], env };
}

/**
 * Finds the file that a plugin is made of, whatever will run it.
 * @throws {Error} With the end of a sentence.
 */
export async function findSource([name]: CommandLine, surroundings: Surroundings): Promise<string> {
  return SCRIPT.test(name) ? (await findScript(name, surroundings)).script : findProgram(name, surroundings);
}

// That this program's own executable is to run a script, a list says as well; and Electron's is to be told that.
function asProgram(file: string, args: readonly string[]): Executable {
  const env = file === process.execPath && args.some((arg) => SCRIPT.test(arg)) ? ownProgram().env : undefined;
  return { file, args, source: file, runner: [], env: env ?? {} };
}

async function findScript(name: string, { cwd }: Surroundings): Promise<{ readonly script: string; readonly mode: number }> {
  const script = resolve(cwd, name);
  const { mode } = await checkFile(name, script);
  await access(script, constants.R_OK).catch(() => {
    throw new StartFault("permission", `its file "${script}" cannot be read by this user`);
  });
  return { script, mode };
}

async function namesInterpreter(script: string): Promise<boolean> {
  const handle = await open(script, "r");
  try {
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return buffer.toString("latin1") === "#!" && process.platform !== "win32";
  } finally {
    await handle.close();
  }
}

/**
 * A directory that is not there fails the start with the same code as a missing file, and the file would be blamed.
 * @throws {Error} With the end of a sentence.
 */
export async function checkCwd(cwd: string): Promise<void> {
  const found = await stat(cwd).catch((error: NodeJS.ErrnoException) => {
    const what = error.code === "ENOENT" ? "does not exist" : `cannot be looked at (${error.code})`;
    throw new StartFault(reasonIn(error, "missing"), `its cwd "${cwd}" ${what}`, { cause: error });
  });
  if (!found.isDirectory()) throw new StartFault("options", `its cwd "${cwd}" is no directory`);
  await access(cwd, constants.X_OK).catch((cause) => {
    throw new StartFault("permission", `its cwd "${cwd}" may not be entered by this user`, { cause });
  });
}
