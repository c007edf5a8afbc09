import type { ImplementationRecord } from "../contract/implement.js";
import type { Clock } from "../util/clock.js";
import { memoryChannels } from "../wire/memory.js";
import { PeerConnection } from "./connection.js";
import type { PeerOptions } from "./peer-options.js";
import { ProgramHold } from "./program-hold.js";
import { announceProvided } from "./provided.js";

/** One end of a pair. */
export interface PairEnd extends Omit<PeerOptions, "hold"> {
  /** What it implements for the other end. */
  readonly provides: readonly ImplementationRecord[];
  /** False where it has to configure itself first: calls to it are answered `BUSY` until its peer is activated. @default true */
  readonly active?: boolean;
}

/**
 * Joins two peers in this process, as they are after a handshake over a socket: each knows what the other implements, both are trusted,
 * and messages cross as frames, with bytes and long texts beside the JSON. Closing either connection ends both.
 *
 * While a call waits the program is kept alive, as a socket would keep it: the deadline of a call that is awaited comes.
 * @param clock By which messages travel. @default that of the first end
 */
export function connectPair(first: PairEnd, second: PairEnd, clock: Clock = first.clock): readonly [PeerConnection, PeerConnection] {
  const [near, far] = memoryChannels({ clock, stallTimeoutMs: first.limits.stallTimeoutMs });
  const hold = new ProgramHold(clock);
  const ends = [new PeerConnection(near, { ...first, hold }), new PeerConnection(far, { ...second, hold })] as const;
  join(ends[0], first, second);
  join(ends[1], second, first);
  return ends;
}

function join(connection: PeerConnection, { provides, active = true }: PairEnd, other: PairEnd): void {
  const { peer } = connection;
  connection.learn({ provided: announceProvided(other.provides) });
  connection.provide(provides);
  peer.trust();
  // Neither has sent anything yet: all that crosses is in frames.
  peer.frames?.receive();
  peer.sendFrames(true);
  if (active) peer.activate();
}
