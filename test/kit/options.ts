import type { Implementation, ImplementationRecord } from "../../src/contract/implement.js";
import { readImplementations } from "../../src/contract/implementations.js";
import { type Handshake, type ResolvedHandshake, resolveHandshake } from "../../src/handshake/cookie.js";
import type { OptionsSource } from "../../src/util/options/source.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../../src/wire/limits.js";

/** Options as the resolver of a test's own would hand them on. */
export function given(values: Readonly<Record<string, unknown>>): OptionsSource {
  return { attempt: "Cannot test", prefix: "", values };
}

export function limitsOf(limits?: Limits): ResolvedLimits {
  return resolveLimits(given({ limits }));
}

export function handshakeOf(handshake?: Handshake): ResolvedHandshake {
  return resolveHandshake(given({ handshake }));
}

export function recordsOf(provides: readonly Implementation[]): readonly ImplementationRecord[] {
  return readImplementations(given({ provides }), "provides");
}
