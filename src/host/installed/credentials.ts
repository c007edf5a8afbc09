import { credentials } from "../../contract/credentials.js";
import { type ImplementationRecord, implement } from "../../contract/implement.js";
import type { Awaitable } from "../../contract/views.js";
import type { Manifest } from "../../install/manifest/manifest.js";

/** Issues a credential. @see HostOptions.access */
export type Access = (pluginId: string, permissions: readonly string[], context: { readonly signal: AbortSignal }) => Awaitable<unknown>;

export interface CredentialsOptions {
  readonly access: Access;
  manifestOf(id: string): Manifest | undefined;
  /** Aborts when the plugin is unloaded. */
  signalOf(id: string): AbortSignal;
  onIssued(id: string, permissions: readonly string[], ok: boolean): void;
}

/** What answers that. Who has no `access` in its manifest does not come so far. */
export function provideCredentials({ access, manifestOf, signalOf, onIssued }: CredentialsOptions): ImplementationRecord {
  return implement(credentials, {
    async get(request, { plugin }) {
      const id = plugin?.id ?? "";
      const allowed = manifestOf(id)?.access?.permissions ?? [];
      const asked = request?.permissions ?? allowed;
      const beyond = asked.find((permission) => !allowed.includes(permission));
      try {
        if (beyond !== undefined) throw new Error(`Cannot issue a credential: the manifest of plugin "${id}" does not ask for "${beyond}"`);
        const credential = await access(id, [...asked], { signal: signalOf(id) });
        onIssued(id, asked, true);
        return credential;
      } catch (error) {
        onIssued(id, asked, false);
        throw error;
      }
    },
  }) as ImplementationRecord;
}
