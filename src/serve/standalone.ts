import { basename } from "node:path";
import { STANDALONE } from "../handshake/env-names.js";
import { randomHex } from "../handshake/proof.js";
import type { ReattachConfig } from "../handshake/reattach-config.js";
import { addAbortTask, removeAbortTask } from "../util/abort.js";
import { deferred } from "../util/deferred.js";
import { DEFAULT_GRACE_MS } from "./grace.js";
import type { ResolvedServeOptions, Standalone } from "./options.js";
import { startServer } from "./server.js";
import { writeStderr } from "./stderr-logger.js";

/** Serves without a host's environment, and with nothing of the process: no exit, no signals, no stdin, nothing on stdout. */
export async function serveStandalone(options: ResolvedServeOptions, { signal, onListening }: Standalone): Promise<void> {
  if (signal.aborted) return;
  const secret = randomHex();
  const server = await startServer({
    ...options,
    env: {
      apiVersions: [...options.provides.keys()],
      transport: "tcp",
      minPort: 0,
      maxPort: 0,
      unixSocketDir: undefined,
      secret,
      lifeline: undefined,
    },
    info: { name: basename(process.argv[1] ?? "plugin") },
  });
  const end = deferred<void>();
  const onAbort = (): void => void server.stop(DEFAULT_GRACE_MS);
  addAbortTask(signal, onAbort);
  void server.stopped.then(() => end.resolve());
  try {
    const { address, protocol, apiVersion } = server;
    onListening({ pid: process.pid, address, protocol, apiVersion, secret });
    if (signal.aborted) onAbort();
    await end.promise;
  } finally {
    removeAbortTask(signal, onAbort);
    await server.close();
  }
}

/** The same for a person at a shell, or in a debugger: says on stderr how a host attaches, and ends by Ctrl+C. */
export async function serveByHand(options: ResolvedServeOptions): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  // Once: a second Ctrl+C ends a clean-up that hangs.
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
  // Its own children are to be plain programs.
  delete process.env[STANDALONE];
  await serveStandalone(options, { signal: controller.signal, onListening: (config) => writeStderr(invitation(config)) });
}

/** The variable that docs/debugging.md lets a host read; the name is no more than a convention. */
const REATTACH = "MORTISE_REATTACH";

function invitation(config: ReattachConfig): string {
  return (
    `This plugin serves on its own, as process ${config.pid}, until Ctrl+C. Attach a host to it with:\n\n` +
    `  ${REATTACH}='${JSON.stringify(config)}'\n\n`
  );
}
