import type { PluginIdentity } from "../../contract/context.js";
import type { ImplementationRecord } from "../../contract/implement.js";
import type { PeerConnection } from "../../peer/connection.js";
import type { Seat } from "./seat.js";

/** What is known of a plugin that may dial in. */
export interface External {
  readonly seat: Seat;
  /** SHA-256 of the token of its spec; undefined where that has none. */
  readonly tokenDigest: string | undefined;
  readonly apiVersions: readonly number[];
  /** What it is configured with. */
  readonly settings: unknown;
  /** A plugin that it needs and that is not active. */
  readonly lacking: string | undefined;
}

/** What the door asks of the plugins of a host. Types only. */
export interface Externals {
  /** What they may call here. */
  readonly provides: readonly ImplementationRecord[];
  /** Undefined where no plugin of that id is loaded that dials in. */
  find(id: string): External | undefined;
  /** Is a plugin of that id loaded, however it is run? */
  has(id: string): boolean;
  /** Loads one that nobody has loaded; it is forgotten when its connection ends. */
  addUnknown(id: string): void;
  /** Why a plugin may not call a contract, looked at for each call. */
  authorize(id: string): (contract: string) => string | undefined;
  identify(id: string): PluginIdentity;
  /** Has the bus answer what it says. */
  answer(id: string, connection: PeerConnection): void;
}
