import type { CloseReason } from "../peer/close-reason.js";
import type { PeerConnection } from "../peer/connection.js";
import type { Peer } from "../peer/peer.js";
import { SHUTDOWN } from "../wire/messages.js";
import type { ResolvedClientOptions } from "./options.js";
import type { Starting } from "./starting.js";
import { isWithin } from "./terminate.js";

// A process's connection ends with it, unless a descendant or a container's proxy holds it.
const EOF_MS = 250;
// Our own processes' streams end by then, whoever holds them; a user's own runtime might never end them.
const DRAIN_MS = 1_000;

/** Asks a plugin to stop, and takes its calls back from then on. False if it cannot be asked any more. */
export function askToStop(peer: Peer, { shown, killTimeoutMs }: ResolvedClientOptions): boolean {
  if (!peer.open) return false;
  const asked = peer.call(SHUTDOWN, { graceMs: killTimeoutMs }, { timeoutMs: Number.POSITIVE_INFINITY });
  asked.catch(() => {}); // It may be gone before it answers, and that is what was asked for.
  peer.leave(`plugin "${shown}" is being stopped`);
  return true;
}

/** Takes down what a start made, its process being gone: the connection, the last of its output, its files. Never rejects. */
export async function release(
  { connection, launched, stdio }: Starting,
  reason: CloseReason,
  { logger }: ResolvedClientOptions,
): Promise<void> {
  await Promise.all([connection && hearOut(connection, reason), stdio && isWithin(stdio.drained, DRAIN_MS)]);
  await launched?.release().catch((error: unknown) => logger.warn("Cannot remove the socket's directory", { error }));
}

// Its last answers may still be in the socket when its exit is known: closing at once would lose them.
async function hearOut({ peer }: PeerConnection, reason: CloseReason): Promise<void> {
  if (await isWithin(peer.closed, EOF_MS)) return;
  await peer.close(reason.kind === "exited" ? reason : undefined);
}
