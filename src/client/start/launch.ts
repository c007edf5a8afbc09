import type { StartStep } from "../../errors.js";
import { checkFile, sourceOf } from "../../executable/checksum.js";
import { currentDir } from "../../executable/current-dir.js";
import { checkCwd, findExecutable } from "../../executable/executable.js";
import type { PluginEnv } from "../../handshake/env.js";
import { randomHex } from "../../handshake/proof.js";
import { spawnPlugin } from "../../process/child-process.js";
import { guard, watchGuardian } from "../../process/guardian.js";
import { refusal } from "../../process/refusal.js";
import { pidOf, type Running, type RunningProcess } from "../../process/runtime.js";
import type { SpawnRequest } from "../../process/spawn-child.js";
import { killAtOnce } from "../../process/terminate.js";
import type { ResolvedClientOptions } from "../options/options.js";
import { attach } from "../reattach.js";
import { pathOf, pluginEnvironment } from "./environment.js";
import type { Launched } from "./opened.js";
import { makeSocketDir, removeSocketDir } from "./socket-dir.js";
import { shareDir } from "./socket-group.js";
import { makeTlsIdentity } from "./tls-identity.js";

/**
 * Brings a plugin's process into being.
 * @throws {Error} With the end of a sentence that says why not.
 */
export async function launch(options: ResolvedClientOptions, signal: AbortSignal, onStep: (step: StartStep) => void): Promise<Launched> {
  const { transport, apiVersions, minPort, maxPort, stdio } = options;
  const tls = await makeTlsIdentity(options.tls);
  if (options.reattach !== undefined) return { ...attach(options.reattach, options), tls, checked: undefined };
  const socketDir = transport === "unix" ? await makeSocketDir() : undefined;
  const release = async (): Promise<void> => {
    if (socketDir !== undefined) await removeSocketDir(socketDir);
  };
  const env: PluginEnv = {
    apiVersions,
    transport,
    minPort,
    maxPort,
    unixSocketDir: socketDir,
    secret: randomHex(),
    clientCert: tls?.clientCert,
    lifeline: stdio.stdin === undefined,
  };
  // Before the process is there: this one may die in the moment between.
  const unguard = guard("secret", env.secret);
  try {
    if (socketDir !== undefined && options.socketGroup !== undefined) await shareDir(socketDir, options.socketGroup);
    const { running, checked } = await run(options, env, signal, onStep);
    guardRunning(running, { own: options.runtime === undefined, lifeline: env.lifeline, unguard });
    void running.exited.then(watchGuardian((trouble) => tellUnguarded(options, trouble)));
    return { running, env, tls, checked, release };
  } catch (error) {
    unguard();
    await release();
    throw error;
  }
}

/** Of what a user's own runtime started the secret is all that is known here; our own process is guarded as a group by now. */
function guardRunning(running: Running, { own, lifeline, unguard }: { own: boolean; lifeline: boolean; unguard(): void }): void {
  const pid = pidOf(running);
  if (!own || pid === undefined) return void running.exited.then(unguard);
  unguard();
  if (!lifeline) void running.exited.then(guard("polite", String(pid)));
}

function tellUnguarded({ logger, shown }: ResolvedClientOptions, trouble: string): void {
  logger.error(
    `Cannot guard plugin "${shown}": the guardian of this process is gone, for ${trouble}; it is tried again. Until then a plugin that does ` +
      "not end by itself lives on if this process is killed",
  );
}

async function run(
  options: ResolvedClientOptions,
  plugin: PluginEnv,
  signal: AbortSignal,
  onStep: (step: StartStep) => void,
): Promise<Pick<Launched, "running" | "checked">> {
  const { command, cwd, runtime, checksum } = options;
  const env = pluginEnvironment(options, plugin, process.env);
  if (runtime !== undefined && checksum === undefined) {
    return { running: await runtime.start({ command, env, cwd, signal }), checked: undefined };
  }
  if (cwd !== undefined) await checkCwd(cwd);
  const executable = await findExecutable(command, { cwd: cwd ?? currentDir(), path: pathOf(env) });
  if (checksum !== undefined) onStep("checksum");
  const checked = checksum && (await checkFile(sourceOf(command, executable), checksum));
  signal.throwIfAborted();
  options.logger.debug(`Starting plugin "${options.shown}"`, { file: executable.file, args: executable.args });
  await checked?.confirm();
  onStep("spawn");
  const running = await (runtime?.start({ command, env, cwd, signal }) ?? spawn({ executable, env, cwd }));
  try {
    // Between that look and the system's there was a moment.
    await checked?.confirm();
    return { running, checked };
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
