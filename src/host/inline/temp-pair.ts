import type { ImplementationRecord } from "../../contract/implement.js";
import { PeerConnection } from "../../peer/connection.js";
import type { PeerOptions } from "../../peer/peer-options.js";
import { announceProvided } from "../../peer/provided.js";
import { memoryChannels } from "../../transport/memory.js";

export interface PairEnd extends PeerOptions {
  readonly provides: readonly ImplementationRecord[];
  readonly active?: boolean;
}
export function connectPair(first: PairEnd, second: PairEnd): readonly [PeerConnection, PeerConnection] {
  const [near, far] = memoryChannels();
  const ends = [new PeerConnection(near, first), new PeerConnection(far, second)] as const;
  for (const [connection, own, other] of [
    [ends[0], first, second],
    [ends[1], second, first],
  ] as const) {
    connection.learn({ provided: announceProvided(other.provides) });
    connection.provide(own.provides);
    connection.peer.trust();
    if (own.active ?? true) connection.peer.activate();
  }
  return ends;
}
