import type { PeerConnection } from "./connection.js";
import type { Watched } from "./heartbeat.js";

/** What a heartbeat watches of a connection. */
export function vitalsOf(connection: PeerConnection): Watched {
  const { peer } = connection;
  return {
    get received() {
      return peer.received;
    },
    get reading() {
      return peer.reading;
    },
    get oldestDeadline() {
      return peer.oldestDeadline;
    },
    ping: () => connection.ping({ timeoutMs: Number.POSITIVE_INFINITY }),
  };
}
