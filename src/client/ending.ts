import type { CloseReason } from "../peer/errors/close-reason.js";
import type { Exit } from "../process/runtime.js";
import { isWithin } from "../process/terminate.js";
import { now, setImmediate } from "../util/timers.js";
import type { ResolvedClientOptions } from "./options/options.js";
import type { PluginLink } from "./plugin-link.js";
import type { Opened } from "./start/opened.js";
import type { Stdio } from "./stdio.js";

// A process's connection ends with it, unless a descendant holds it, or a container's proxy, which may still have something to hand on.
const EOF_MS = 250;
// What a process of this system wrote is in the socket once its exit is known.
const QUIET_MS = 5;
// Our own processes' streams end by then, whoever holds them; a user's own runtime might never end them.
const DRAIN_MS = 1_000;

// How long the calls of a lost connection wait to learn that its process has ended, which is known within 1 ms most often.
const WHY_MS = 10;
// What the plugin said of it was written before, and is read at about the same time.
const WORDS_MS = 5;
// Who has said that it ends does so.
const DYING_MS = 100;

/** What is known, a moment after a connection was lost, of why that is. Never rejects. */
export async function explainLoss({ launched, stdio }: Opened, reason: CloseReason): Promise<CloseReason> {
  if (launched === undefined || stdio === undefined) return reason;
  const { exited } = launched.running;
  // Where this program was held up, a timer is due before what the system reported meanwhile has been read.
  const known = (await isWithin(exited, WHY_MS)) || (await isSettled(exited));
  // Node.js closes its sockets first, and then takes the rest of the program down.
  const dying = !known && stdio.crashReport !== undefined;
  if (!known && !(dying && (await isWithin(exited, DYING_MS)))) return dying ? { kind: "lost", error: stdio.crashReport } : reason;
  const exit = await exited;
  if (exit.exitCode !== 0 && exit.signal === null) await isWithin(stdio.reported, WORDS_MS);
  return exitReason(exit, stdio);
}

/** How a process ended that nobody here had asked to, with what is known of it by now. */
export function exitReason({ exitCode, signal }: Exit, { stderrTail, crashReport }: Stdio): CloseReason {
  // An exception that was told and not died of is no reason.
  const error = exitCode === 0 || crashReport === undefined ? {} : { error: crashReport };
  return { kind: "exited", exitCode, signal, stderrTail, ...error };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await new Promise(setImmediate);
  return settled;
}

/** Takes down what a start made, its process being gone: the connection, the last of its output, its files. Never rejects. */
export async function release(
  { link, launched, stdio }: Opened,
  reason: CloseReason,
  { logger, runtime }: ResolvedClientOptions,
): Promise<void> {
  const quietMs = runtime === undefined ? QUIET_MS : EOF_MS;
  await Promise.all([link && hearOut(link, reason, quietMs), stdio && isWithin(stdio.drained, DRAIN_MS)]);
  await launched?.release().catch((error: unknown) => logger.warn("Cannot remove the socket's directory", { error }));
}

// Its last answers may still be in the socket when its exit is known: closing at once would lose them.
async function hearOut(link: PluginLink, reason: CloseReason, quietMs: number): Promise<void> {
  let heard: number;
  const giveUpAt = now() + EOF_MS;
  do {
    heard = link.vitals.received;
    // Where this program was held up, the timer is due before what arrived meanwhile has been read.
    if ((await isWithin(link.closed, quietMs)) || (await isSettled(link.closed))) return;
  } while (link.vitals.received !== heard && now() < giveUpAt);
  await link.end(reason.kind === "exited" ? reason : undefined);
}
