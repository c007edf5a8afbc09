/** What stands where JSON holds null, as the envelope's `refs` names it. */
export type Ref =
  | { readonly stream: number }
  | { readonly function: number }
  | { readonly bytes: string | readonly [offset: number, length: number] }
  | { readonly text: readonly [offset: number, length: number] };

/** A value made ready for JSON: null where something special was, and what that is. */
export interface Extracted {
  readonly value: unknown;
  /** JSON Pointers (RFC 6901) from the value to each place. */
  readonly refs: Readonly<Record<string, Ref>>;
}
