import type { Flaw } from "./unsendable.js";

/** Why a value makes no message that the other side would take. Those who send put it into a sentence that says what was attempted. */
export type WriteFault =
  /** JSON cannot carry it, or something in it may not cross. `cause` is what was thrown. */
  | { readonly kind: "unsendable"; readonly flaw: Flaw; readonly cause: unknown }
  /** It may be nested so many levels deep. */
  | { readonly kind: "too-deep"; readonly levels: number }
  /** `why` is the end of a sentence. */
  | { readonly kind: "too-long"; readonly why: string }
  /** It would lend more than may be lent now; likewise. */
  | { readonly kind: "too-many"; readonly why: string };

/** A message that cannot be written. Caught where it is sent: no caller and no handler ever sees it. */
export class WriteError {
  readonly #fault: WriteFault;

  constructor(fault: WriteFault) {
    this.#fault = fault;
  }

  /** The fault, if that is what was thrown. Unlike `instanceof`, it can be asked of a proxy that throws at every look. */
  static faultOf(thrown: unknown): WriteFault | undefined {
    return typeof thrown === "object" && thrown !== null && #fault in thrown ? thrown.#fault : undefined;
  }
}
