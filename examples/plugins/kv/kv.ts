import { defineContract, method, stream } from "mortise/contract";

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
}
/** A key that was put has its new value, one that was deleted has null. */
export interface Change {
  readonly key: string;
  readonly value: Uint8Array | null;
}

/** What the plugin provides: a store that holds what it is given as long as it runs. */
export const kv = defineContract("kv", {
  /** The value of a key, or null. */
  get: method<{ key: string }, Uint8Array | null>(),
  put: method<Entry>(),
  /** Says whether there was such a key. */
  delete: method<{ key: string }, boolean>(),
  /** The keys that begin with a prefix, sorted. */
  list: stream<{ prefix: string }, string>(),
  /** The entries under a prefix as they are, then each change, until the reader stops. */
  watch: stream<{ prefix: string }, Change>(),
  /** Takes entries as long as there are some, and resolves with their number. */
  load: method<{ entries: AsyncIterable<Entry> }, number>(),
});
