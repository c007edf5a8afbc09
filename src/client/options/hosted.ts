import type { PluginIdentity } from "../../contract/context.js";
import type { Info } from "../../handshake/hello.js";
import type { Connection } from "../../peer/connection.js";

/** What a Host adds to the conversation with a plugin of its own. */
export interface Hosted {
  readonly identity: PluginIdentity;
  /** Who the host is, for the plugin's log. */
  readonly info: Info | undefined;
  /** Why the plugin may not call a contract, as the end of a sentence; undefined if it may. */
  authorize(contract: string): string | undefined;
  /** Told of the connection before anything is said on it. */
  onLink(link: Connection): void;
}
