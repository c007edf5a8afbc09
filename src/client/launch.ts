import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PluginEnv } from "../handshake/env.js";
import { randomHex } from "../handshake/proof.js";
import { pathOf, pluginEnvironment } from "./environment.js";
import { checkCwd, findExecutable } from "./executable.js";
import type { ResolvedClientOptions } from "./options.js";
import { spawnPlugin } from "./process.js";
import type { Running } from "./runtime.js";

/** A plugin's process, and what it was told. */
export interface Launched {
  readonly running: Running;
  readonly env: PluginEnv;
  /** Removes what was made for the start. */
  release(): Promise<void>;
}

/**
 * Brings a plugin's process into being.
 * @throws {Error} With the end of a sentence that says why not.
 */
export async function launch(options: ResolvedClientOptions, signal: AbortSignal): Promise<Launched> {
  const { transport, apiVersions, minPort, maxPort, stdio } = options;
  const socketDir = transport === "unix" ? await makeSocketDir() : undefined;
  const release = async (): Promise<void> => {
    if (socketDir !== undefined) await rm(socketDir, { recursive: true, force: true });
  };
  const env: PluginEnv = {
    apiVersions,
    transport,
    minPort,
    maxPort,
    unixSocketDir: socketDir,
    secret: randomHex(),
    lifeline: stdio.stdin === undefined,
  };
  try {
    return { running: await run(options, env, signal), env, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function run(options: ResolvedClientOptions, plugin: PluginEnv, signal: AbortSignal): Promise<Running> {
  const { command, cwd, runtime } = options;
  const env = pluginEnvironment(options, plugin, process.env);
  if (runtime !== undefined) return runtime.start({ command, env, cwd, signal });
  if (cwd !== undefined) await checkCwd(cwd);
  const executable = await findExecutable(command, { cwd: cwd ?? process.cwd(), path: pathOf(env) });
  signal.throwIfAborted();
  options.logger.debug(`Starting plugin "${options.shown}"`, { file: executable.file, args: executable.args });
  try {
    return await spawnPlugin({ executable, env, cwd });
  } catch (cause) {
    const { code = (cause as Error).message } = cause as NodeJS.ErrnoException;
    const why = Object.hasOwn(REFUSALS, code) ? `\n  ${REFUSALS[code]}` : "";
    throw new Error(`the system refused to start "${executable.file}" (${code})${why}`, { cause });
  }
}

// What the system's code means once the file itself was found in order.
const REFUSALS: Readonly<Record<string, string>> = {
  ENOENT: "The file is there, so the loader that it names is not: it may be built for another system, as with musl and glibc.",
  EACCES: "A file system mounted with noexec forbids it, or a security policy.",
  ENOEXEC: "It is no program of this system.",
  ETXTBSY: "Somebody still has it open for writing.",
  E2BIG: "Its arguments and its environment are too large together.",
  EAGAIN: "Too many processes run: raise the limit (ulimit -u), or start fewer plugins.",
  ENOMEM: "The system has too little memory left.",
  EMFILE: "This program has too many files open: raise the limit (ulimit -n), or start fewer plugins.",
  ENFILE: "The system has too many files open.",
};

async function makeSocketDir(): Promise<string> {
  const parent = await realpath(tmpdir());
  const dir = await mkdtemp(join(parent, "mortise-")); // mkdtemp makes it 0700, whatever the umask.
  if (Buffer.byteLength(join(dir, "s")) <= 107) return dir;
  await rm(dir, { recursive: true });
  throw new Error(
    `the temporary directory "${parent}" is too long a path for a unix socket, which has at most 107 bytes\n  Set TMPDIR to a shorter one.`,
  );
}
