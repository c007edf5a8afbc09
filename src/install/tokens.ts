import { createHash, randomBytes } from "node:crypto";
import { ConflictError, PluginError } from "../errors.js";
import type { StoredToken } from "./store/plugin-record.js";
import type { Store } from "./store/store.js";

const PREFIX = "mst_";

/** Tokens by which external plugins prove who they are. Shown once, kept as digests. */
export class Tokens {
  readonly #store: Store;
  readonly #onChange: (id: string, action: "token.issue" | "token.cycle" | "token.revoke") => void | Promise<void>;

  constructor(store: Store, onChange: (id: string, action: "token.issue" | "token.cycle" | "token.revoke") => void | Promise<void>) {
    this.#store = store;
    this.#onChange = onChange;
  }

  /**
   * A token for a plugin that has none.
   * @returns The token. It is not shown again.
   * @throws {ConflictError} `CONFLICT` It has one: cycle() replaces it.
   */
  async issue(id: string): Promise<string> {
    const token = newToken();
    const attempt = `Cannot issue a token for plugin "${id}"`;
    await this.#store.update(id, attempt, (record) => {
      if ((record.tokens ?? []).length > 0) throw new ConflictError(`${attempt}: it has one\n  tokens.cycle() replaces it.`, id);
      return { ...record, tokens: [stored(token)] };
    });
    await this.#onChange(id, "token.issue");
    return token;
  }

  /**
   * Another token in the place of the one there is, which is worth nothing from then on.
   * @throws {PluginError} `UNKNOWN_PLUGIN` It has none.
   */
  async cycle(id: string): Promise<string> {
    const token = newToken();
    const attempt = `Cannot cycle the token of plugin "${id}"`;
    await this.#store.update(id, attempt, (record) => {
      if ((record.tokens ?? []).length === 0)
        throw new PluginError("UNKNOWN_PLUGIN", `${attempt}: it has none\n  tokens.issue() makes one.`);
      return { ...record, tokens: [stored(token)] };
    });
    await this.#onChange(id, "token.cycle");
    return token;
  }

  /** The plugin has no token any more, and is not let in. One that has none is no matter. */
  async revoke(id: string): Promise<void> {
    if (!this.has(id)) return;
    await this.#store.update(id, `Cannot revoke the token of plugin "${id}"`, (record) => ({ ...record, tokens: [] }));
    await this.#onChange(id, "token.revoke");
  }

  /** Says whether a plugin has a token here. */
  has(id: string): boolean {
    return (this.#store.get(id).tokens ?? []).length > 0;
  }

  /**
   * What a plugin's proofs are keyed by: the SHA-256 of its token, as hex digits. Undefined where nothing is kept of it; one that no token
   * has where it was taken back, or never issued to an installed plugin: without one anybody would be let in.
   */
  digestOf(id: string): string | undefined {
    const { tokens, package: stored } = this.#store.get(id);
    const [token] = tokens ?? [];
    if (token !== undefined) return token.sha256;
    return tokens === undefined && stored === undefined ? undefined : randomBytes(32).toString("hex");
  }
}

function newToken(): string {
  return PREFIX + randomBytes(32).toString("base64url");
}

function stored(token: string): StoredToken {
  return { sha256: createHash("sha256").update(token).digest("hex"), issuedAt: new Date().toISOString() };
}
