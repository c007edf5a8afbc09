import type { ValidationError } from "../../errors.js";

/** An input or a result that does not fit. Told apart from what a handler throws: that may be a ValidationError of another call. */
export class SchemaMismatch {
  readonly #error: ValidationError;

  constructor(error: ValidationError) {
    this.#error = error;
  }

  /** The misfit's error, if that is one. Unlike `instanceof`, it can be asked of a proxy that throws at every look. */
  static errorOf(thrown: unknown): ValidationError | undefined {
    return typeof thrown === "object" && thrown !== null && #error in thrown ? thrown.#error : undefined;
  }
}
