import type { Awaitable } from "../../contract/views.js";

/** Tokens that are kept somewhere else than in specs. Of a token only its digest is kept, and asked for. */
export interface TokenStore {
  /**
   * SHA-256 of a plugin's token, as 64 lower-case hex digits; undefined where the store has none for it, and the spec's holds.
   * Where it throws or rejects, the plugin is told that the host failed, and comes back.
   */
  digestOf(pluginId: string): Awaitable<string | undefined>;
}
