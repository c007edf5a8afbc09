import { type Contract, defineContract, type Method, method } from "./contract.js";
import type { Schema } from "./schema.js";

/** Which of the permissions of its manifest a plugin wants. */
export interface CredentialRequest {
  /** A part of `access.permissions`. @default all of them */
  readonly permissions?: readonly string[] | undefined;
}

/**
 * What an installed plugin asks its host by for a credential, within the permissions of its manifest (`access`); what that is, the host's
 * program decides (`HostOptions.access`).
 * @example const { get } = await peer.dispense(credentials); const token = await get();
 */
export const credentials: Contract<{ readonly get: Method<Schema<CredentialRequest | undefined>, Schema<unknown>> }> = defineContract(
  "mortise.credentials",
  { get: method<CredentialRequest | undefined, unknown>() },
);
