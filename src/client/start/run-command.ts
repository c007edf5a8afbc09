import type { StartStep } from "../../errors.js";
import { type Checked, checkFile } from "../../executable/checksum.js";
import type { CommandLine } from "../../executable/command.js";
import { currentDir } from "../../executable/current-dir.js";
import { checkCwd, findExecutable, findSource } from "../../executable/executable.js";
import type { ScriptOptions } from "../../executable/runner.js";
import type { Surroundings } from "../../executable/search-path.js";
import { spawnPlugin } from "../../process/child-process.js";
import { refusal } from "../../process/refusal.js";
import type { Running, RunningProcess, Runtime } from "../../process/runtime.js";
import type { SpawnRequest } from "../../process/spawn-child.js";
import { startBy } from "../../process/start-by.js";
import { killAtOnce } from "../../process/terminate.js";
import type { ResolvedClientOptions } from "../options/options.js";
import { lifelineOf, pathOf } from "./environment.js";
import type { Launched } from "./opened.js";

type Ran = Pick<Launched, "running" | "executable" | "checked">;

/**
 * Runs a plugin's command in an environment: by the system, or by a runtime of the caller's. The file's checksum is looked at before and
 * after.
 * @throws {Error} With the end of a sentence that says why not.
 */
export async function runCommand(
  options: ResolvedClientOptions,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onStep: (step: StartStep) => void,
): Promise<Ran> {
  const { command, cwd, runtime, checksum, logger, shown } = options;
  if (runtime !== undefined) return runElsewhere(runtime, options, env, signal, onStep);
  const surroundings = await lookAround(cwd, env);
  const executable = await findExecutable(command, surroundings, scriptOptions(options));
  if (checksum !== undefined) onStep("checksum");
  const checked = checksum && (await checkFile(executable.source, checksum));
  signal.throwIfAborted();
  logger.debug(`Starting plugin "${shown}"`, { file: executable.file, args: executable.args });
  await checked?.confirm();
  onStep("spawn");
  const running = await spawn({ executable, env: { ...env, ...executable.env, ...options.env }, cwd, ...pipesOf(options) });
  return { running: await confirmed(running, checked, onStep), executable, checked };
}

async function runElsewhere(
  runtime: Runtime,
  { command, cwd, interpreter, execArgv, checksum }: ResolvedClientOptions,
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
  onStep: (step: StartStep) => void,
): Promise<Ran> {
  // A runtime knows by itself what runs a script there, unless it was said.
  const whole: CommandLine = interpreter === undefined ? command : [...interpreter, ...(execArgv ?? []), ...command];
  const start = (): Promise<Running> => startBy(runtime, { command: whole, env, cwd, signal });
  if (checksum === undefined) return { running: await start(), executable: undefined, checked: undefined };
  const source = await findSource(command, await lookAround(cwd, env));
  onStep("checksum");
  const checked = await checkFile(source, checksum);
  signal.throwIfAborted();
  await checked.confirm();
  onStep("spawn");
  return { running: await confirmed(await start(), checked, onStep), executable: undefined, checked };
}

function pipesOf(options: ResolvedClientOptions): Pick<SpawnRequest, "stdin" | "lifeline"> {
  const lifeline = lifelineOf(options);
  return lifeline === "stdin" ? { stdin: true, lifeline: undefined } : { stdin: options.stdio.stdin !== undefined, lifeline };
}

async function lookAround(cwd: string | undefined, env: Readonly<Record<string, string>>): Promise<Surroundings> {
  if (cwd !== undefined) await checkCwd(cwd);
  return { cwd: cwd ?? currentDir(), path: pathOf(env) };
}

function scriptOptions({ interpreter, execArgv, env }: ResolvedClientOptions): ScriptOptions {
  return { interpreter, execArgv, nodeOptions: env["NODE_OPTIONS"] };
}

/** Between the last look and the system's there was a moment. */
async function confirmed<R extends Running>(running: R, checked: Checked | undefined, onStep: (step: StartStep) => void): Promise<R> {
  try {
    await checked?.confirm();
    return running;
  } catch (error) {
    onStep("checksum");
    await killAtOnce(running);
    throw error;
  }
}

// There is nothing else in the `try`: what went wrong beside the spawn would be blamed on the system, and the child forgotten.
async function spawn(request: SpawnRequest): Promise<RunningProcess> {
  try {
    return await spawnPlugin(request);
  } catch (cause) {
    throw refusal(cause as NodeJS.ErrnoException, request);
  }
}
