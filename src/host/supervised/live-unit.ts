import type { PeerConnection } from "../../peer/connection.js";
import type { Peer } from "../../peer/peer.js";
import type { Unit } from "./unit.js";

/** A unit that calls can be made to, whatever stands behind it. */
export interface LiveUnit extends Unit {
  readonly connection: PeerConnection;
  readonly peer: Peer;
  readonly pid: number | undefined;
}
