import { isAbsolute, resolve } from "node:path";
import { findOnPath, isRunnable, type Surroundings } from "./search-path.js";
import { StartFault } from "./start-fault.js";

/**
 * The absolute path of the interpreter that a script's first line names; it exists and may be run.
 * @param head The first bytes of the script, as many as the system reads.
 * @throws {Error} With the end of a sentence that says why it cannot be run.
 */
export async function findInterpreter(file: string, head: Buffer, longest: number, { cwd, path }: Surroundings): Promise<string> {
  const text = head.toString("utf8", 2);
  const line = text.split("\n")[0] as string;
  if (line.endsWith("\r")) {
    const why = "which the system takes for part of the interpreter's name";
    throw new StartFault("format", `${firstLineOf(file)} ends in a carriage return, ${why}\n  Save it with Unix line ends.`);
  }
  const [interpreter = "", argument] = line.trim().split(/[ \t]+/);
  if (interpreter === "") throw new StartFault("format", `${firstLineOf(file)} names no interpreter after its "#!"`);
  if (argument === undefined && head.length === longest && !/[\n \t]/.test(text.trimStart())) {
    throw new StartFault(
      "format",
      `${firstLineOf(file)} is longer than the ${longest} bytes that the system reads of it\n  Write a shorter path.`,
    );
  }
  const found = resolve(cwd, interpreter);
  if (!(await isRunnable(found))) {
    const remedy = isAbsolute(interpreter) ? "Install it, or name another." : "Write its absolute path.";
    throw new StartFault("missing", `the interpreter "${interpreter}" that ${firstLineOf(file)} names cannot be run\n  ${remedy}`);
  }
  // Without a PATH, env has one of its own.
  const onPath = /\/env$/.test(interpreter) && path !== undefined && argument !== undefined && !/^-|=/.test(argument);
  if (!onPath || argument.includes("/") || (await findOnPath(argument, path)) !== undefined) return found;
  throw new StartFault(
    "missing",
    `the interpreter "${argument}" that ${firstLineOf(file)} names is not on its PATH\n  Install it, or give the plugin a PATH that has it.`,
  );
}

export function firstLineOf(file: string): string {
  return `the first line of "${file}"`;
}
