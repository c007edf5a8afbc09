import type { RemoteBus } from "../../contract/bus-views.js";
import type { Topics } from "../../contract/topics.js";
import type { Connection } from "../../peer/connection.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";

/** One connection of a plugin to the host that it dialled. `close()` ends it, and dials no more. */
export interface HostConnection extends Connection {
  /** Emits and asks on the host's bus by whichever connection is open: it lives across redials. */
  readonly emitter: Emitter;
  /** Resolves once the host is not dialled any more, with how the last connection or try ended. Never rejects. */
  readonly ended: Promise<CloseReason>;
}

/** The host's bus, seen from a plugin that dials again when it was cut off. */
export interface Emitter {
  /** The bus for a set of topics. While no connection is open what is said on it rejects with `NOT_SENT`. */
  dispense<T extends Topics>(topics: T): RemoteBus<T>;
}
