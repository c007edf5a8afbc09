import { writeSync } from "node:fs";
import { basename } from "node:path";
import { formatAnnouncement } from "../handshake/announcement.js";
import { explainCookie, readCookie } from "../handshake/cookie.js";
import { type PluginEnv, readPluginEnv } from "../handshake/env.js";
import { EnvName, STANDALONE } from "../handshake/env-names.js";
import { systemClock } from "../util/clock.js";
import { deferred } from "../util/deferred.js";
import { tellCrashReport } from "./crash-report.js";
import { watchLifeline } from "./lifeline.js";
import { type ResolvedServeOptions, resolveServeOptions, type ServeOptions } from "./options.js";
import { type PluginServer, startServer } from "./server.js";
import { writeStderr } from "./stderr-logger.js";

// How long clean-up may take when nobody said so, after a lost host; and calls that run after a SIGTERM, or else the clean-up.
const ORPHAN_GRACE_MS = 250;
const SIGTERM_GRACE_MS = 1_000;
// Setting it up takes a millisecond, which the first answer need not wait for. That it has ended shows then, too. Not much later: the
// guardian waits 300 ms after a host's end.
const LIFELINE_AFTER_MS = 25;

/** What serve() does. */
export async function runPlugin(options: ServeOptions): Promise<void> {
  const resolved = resolveServeOptions(options);
  if (resolved.standalone !== undefined) return (await loadStandalone()).serveStandalone(resolved, resolved.standalone);
  const found = readCookie(process.env, resolved.handshake);
  if (found === "missing" && process.env[STANDALONE] === "1") return byHand(resolved);
  if (found !== "ok") return exit(1, `${explainCookie(found, resolved.handshake)}\n`);
  const { server, graceMs } = await open(resolved).catch((error: Error) => exit(1, `${error.message}\n`));
  // Unreferenced: a process that has nothing left to do ends before.
  systemClock.after(await graceMs, () => process.exit(0));
  await server.close();
}

// A plugin that a host starts pays for no file that it does not need.
function loadStandalone(): Promise<typeof import("./standalone.js")> {
  return import("./standalone.js");
}

async function byHand(options: ResolvedServeOptions): Promise<void> {
  const { serveByHand } = await loadStandalone();
  await serveByHand(options).catch((error: Error) => exit(1, `${error.message}\n`));
  systemClock.after(SIGTERM_GRACE_MS, () => process.exit(0));
}

interface Open {
  readonly server: PluginServer;
  /** Resolves when the plugin is told to stop, with the time that it has for that. */
  readonly graceMs: Promise<number>;
}

async function open(options: ResolvedServeOptions): Promise<Open> {
  const env = takeEnv();
  tellCrashReport(env.secret);
  const server = await startServer({ ...options, env, info: { name: basename(process.argv[1] ?? "plugin") } });
  // Before the announcement: who has read that may stop this process at once, and its clean-up is to run then too.
  const graceMs = whenStopped(server, env, options);
  announce(server);
  return { server, graceMs };
}

// The secret must not reach the children that this process may start.
function takeEnv(): PluginEnv {
  const env = readPluginEnv(process.env);
  delete process.env[EnvName.secret];
  return env;
}

function announce({ apiVersion, address, protocol, cert }: PluginServer): void {
  try {
    // Not process.stdout: setting that up costs every start. On a line of its own, whatever was printed before.
    writeSync(1, `\n${formatAnnouncement({ apiVersion, address, protocol, cert })}\n`);
  } catch (cause) {
    throw new Error(`Cannot announce the address: nobody reads stdout (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

async function whenStopped(server: PluginServer, env: PluginEnv, { logger }: ResolvedServeOptions): Promise<number> {
  const end = deferred<number>();
  process.on("SIGTERM", () => void server.stop(SIGTERM_GRACE_MS));
  let letGo = (): void => {};
  const { lifeline } = env;
  if (lifeline !== undefined) {
    letGo = systemClock.after(LIFELINE_AFTER_MS, () => {
      const stop = watchLifeline(lifeline, () => {
        end.resolve(ORPHAN_GRACE_MS);
        logger.debug("Stopping: the lifeline has ended, by which a host that is gone is known");
      });
      letGo = stop ?? letGo;
      if (stop === undefined) logger.debug(`No lifeline: descriptor ${lifeline} is not what the host handed over`);
    });
  }
  void server.stopped.then((graceMs) => end.resolve(graceMs));
  const graceMs = await end.promise;
  letGo();
  return graceMs;
}

function exit(code: number, text: string): never {
  writeStderr(text);
  process.exit(code);
}
