import { isPluginError, type PluginError } from "../../errors.js";
import type { WireError } from "../../wire/encode.js";
import { WireCode } from "../../wire/error-codes.js";
import { toWireError } from "./remote-error.js";

/** An answer with a code of our own choice, thrown by what answers for this package. What a user's handler throws is never one. */
export class Refusal {
  readonly #wire: WireError;

  constructor(wire: WireError) {
    this.#wire = wire;
  }

  /** What it answers with, if that is one. Unlike `instanceof`, it can be asked of a proxy that throws at every look. */
  static wireOf(thrown: unknown): WireError | undefined {
    return typeof thrown === "object" && thrown !== null && #wire in thrown ? thrown.#wire : undefined;
  }
}

/** What a failure of the bus is answered with: its own code where the wire has one, so that who asked can branch on it. */
export function busRefusal(error: unknown): Refusal {
  return new Refusal(busError(error));
}

export function busError(error: unknown): WireError {
  if (!isPluginError(error)) return toWireError(error);
  const code = OWN_CODES[error.code];
  if (code === undefined) return toWireError(error);
  return { code, message: error.message, ...dataOf(error) };
}

const OWN_CODES: Readonly<Record<string, number | undefined>> = {
  NOT_PROVIDED: WireCode.notProvided,
  UNAUTHORIZED: WireCode.unauthorized,
  INVALID_INPUT: WireCode.invalidInput,
  INVALID_OUTPUT: WireCode.invalidOutput,
  BUSY: WireCode.busy,
  VETOED: WireCode.vetoed,
  LIMIT_EXCEEDED: WireCode.tooLarge,
};

function dataOf(error: PluginError): { readonly data?: unknown } {
  if (isPluginError(error, "VETOED")) return { data: { plugin: error.pluginId, reason: error.reason } };
  if (isPluginError(error, "INVALID_INPUT") || isPluginError(error, "INVALID_OUTPUT")) return { data: { issues: error.issues } };
  return {};
}
