import type { StartStep } from "../../errors.js";
import { StartFault } from "../../executable/start-fault.js";
import { hostsAbove, type PluginEnv } from "../../handshake/env.js";
import { randomHex } from "../../handshake/proof.js";
import { guard, watchGuardian } from "../../process/guardian.js";
import type { Running } from "../../process/runtime.js";
import type { ResolvedClientOptions } from "../options/options.js";
import { attach } from "../reattach.js";
import { lifelineOf, pluginEnvironment } from "./environment.js";
import type { Launched } from "./opened.js";
import { runCommand } from "./run-command.js";
import { makeSocketDir, removeSocketDir } from "./socket-dir.js";
import { shareDir } from "./socket-group.js";
import { makeTlsIdentity } from "./tls-identity.js";

// No more hosts stand above one another.
const MOST_HOSTS = 8;

/**
 * Brings a plugin's process into being.
 * @throws {Error} With the end of a sentence that says why not.
 */
export async function launch(options: ResolvedClientOptions, signal: AbortSignal, onStep: (step: StartStep) => void): Promise<Launched> {
  const { transport, apiVersions, minPort, maxPort } = options;
  const tls = await makeTlsIdentity(options.tls);
  if (options.reattach !== undefined) return { ...attach(options.reattach, options), tls, executable: undefined, checked: undefined };
  const depth = 1 + hostsAbove(process.env);
  if (depth > MOST_HOSTS) throw startsItself(depth - 1);
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
    lifeline: lifelineOf(options),
    depth,
  };
  // Before the process is there: this one may die in the moment between.
  const unguard = guard("secret", env.secret);
  try {
    if (socketDir !== undefined && options.socketGroup !== undefined) await shareDir(socketDir, options.socketGroup);
    const { running, executable, checked } = await runCommand(options, pluginEnvironment(options, env, process.env), signal, onStep);
    guardRunning(running, options.runtime === undefined, unguard);
    void running.exited.then(watchGuardian((trouble) => tellUnguarded(options, trouble)));
    return { running, env, tls, executable, checked, release };
  } catch (error) {
    unguard();
    await release();
    throw error;
  }
}

/** An application in place of Node.js starts its plugins, and so itself, without end. */
function startsItself(above: number): StartFault {
  const sentence = `${above} hosts stand above this program, each of them the plugin of the one before: one seems to start itself`;
  const remedy = "Look at what each command runs: an application that has Node.js in it runs itself, and no script (see interpreter).";
  return new StartFault("options", `${sentence}\n  ${remedy}`);
}

/** Of what a user's own runtime started the secret is all that is known here; our own process is guarded as a group by now. */
function guardRunning(running: Running, own: boolean, unguard: () => void): void {
  if (own) unguard();
  else void running.exited.then(unguard);
}

function tellUnguarded({ logger, shown }: ResolvedClientOptions, trouble: string): void {
  logger.error(
    `Cannot guard plugin "${shown}": the guardian of this process is gone, for ${trouble}; it is tried again. Until then a plugin that does ` +
      "not end by itself lives on if this process is killed",
  );
}
