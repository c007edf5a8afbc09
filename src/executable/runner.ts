import { realpath } from "node:fs/promises";
import type { CommandLine } from "./command.js";
import { loadingOptions } from "./loading-options.js";
import { type OwnProgram, ownProgram } from "./own-program.js";
import { findProgram } from "./program.js";
import { findOnPath, type Surroundings } from "./search-path.js";
import { reasonIn, StartFault } from "./start-fault.js";
import { isTypeScript, runsTypeScript } from "./typescript.js";

/** How scripts are to be run. */
export interface ScriptOptions {
  /** What runs them, with its arguments. @default this Node.js, or the one on PATH where this program is an application of its own */
  readonly interpreter?: CommandLine | undefined;
  /** Its options before the script. @default those of this program that concern loading; none for another interpreter */
  readonly execArgv?: readonly string[] | undefined;
  /** `NODE_OPTIONS` where the plugin is given its own. */
  readonly nodeOptions?: string | undefined;
}

/** What runs a script. */
export interface Runner {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** @throws {Error} There is none, or none that runs TypeScript: with the end of a sentence. */
export async function findRunner(script: string, surroundings: Surroundings, options: ScriptOptions): Promise<Runner> {
  const { interpreter, execArgv } = options;
  if (interpreter !== undefined) return named(interpreter, execArgv, surroundings);
  const own = ownProgram();
  if (own.env === undefined) return { file: await findNode(script, surroundings, own), args: execArgv ?? [], env: {} };
  const given = [...(execArgv ?? []), ...(options.nodeOptions ?? "").split(/\s+/)];
  if (isTypeScript(script) && !runsTypeScript(given)) throw noTypeScript(script);
  const isPlain = own.what === undefined;
  return { file: process.execPath, args: execArgv ?? (isPlain ? inherited(surroundings) : []), env: own.env };
}

async function named([name, ...args]: CommandLine, execArgv: readonly string[] = [], surroundings: Surroundings): Promise<Runner> {
  const file = await findProgram(name, surroundings).catch((cause: Error) => {
    throw new StartFault(reasonIn(cause, "missing"), `its interpreter cannot be run: ${cause.message}`, { cause });
  });
  return { file, args: [...args, ...execArgv], env: {} };
}

// Vitest starts its workers with conditions and modules that are for what it transforms, which a plugin is not.
const OF_VITEST = /[\\/]vitest[\\/]dist[\\/]/;

function inherited({ cwd }: Surroundings): readonly string[] {
  if (process.execArgv.length === 0 || OF_VITEST.test(process.argv[1] ?? "")) return [];
  try {
    return loadingOptions(process.execArgv, process.cwd(), cwd);
  } catch {
    return []; // The directory that this program runs in is gone, and what starts there with it.
  }
}

/** The application would be started once more, and start its plugins, and so on. */
async function findNode(script: string, { path }: Surroundings, { what }: OwnProgram): Promise<string> {
  const own = await realpath(process.execPath).catch(() => process.execPath);
  const isOther = async (file: string): Promise<boolean> => (await realpath(file)) !== own;
  const found = path === undefined ? undefined : await findOnPath("node", path, isOther);
  if (found !== undefined) return found;
  const sentence = `"${script}" is run by Node.js, and there is none: this program is ${what}, and no "node" is on the plugin's PATH`;
  throw new StartFault("missing", `${sentence}\n  Name one, as in interpreter: "/usr/bin/node".`);
}

function noTypeScript(script: string): StartFault {
  const sentence = `"${script}" is TypeScript, which this Node.js (${process.versions.node}) does not run`;
  const remedy =
    'Name the compiled .js file; or install tsx and give execArgv: ["--import", "tsx"]. Node.js from 22.18 on runs it as it is.';
  return new StartFault("format", `${sentence}\n  ${remedy}`);
}
