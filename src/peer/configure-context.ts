import type { ConfigureContext } from "../contract/views.js";
import type { PeerConnection } from "./connection.js";

/** What a plugin is told of the connection that configures it. */
export function configureContext({ dispenser, peer }: PeerConnection): ConfigureContext {
  return Object.freeze({ peer: dispenser, signal: peer.signal });
}
