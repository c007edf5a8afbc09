import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

/** A one-time secret for one start, or a challenge for one connection: 32 random bytes, as lower-case hex. */
export function randomHex(): string {
  return randomBytes(32).toString("hex");
}

/** Says whether a value has the form of randomHex(). */
export function isHex32(value: unknown): value is string {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value);
}

/** What both sides know when one of them proves the secret: `host` and `plugin` are the challenges, as received. */
export interface Challenges {
  readonly host: string;
  readonly plugin: string;
}

/**
 * The proof that a side knows the secret: HMAC-SHA256 with the 32 bytes that the secret spells, over `side:H:P`. Neither
 * side's proof is of use to the other, nor on another connection.
 */
export function prove(side: "plugin" | "host", secret: string, { host, plugin }: Challenges): string {
  return createHmac("sha256", Buffer.from(secret, "hex")).update(`${side}:${host}:${plugin}`).digest("hex");
}

/** Compares in constant time. */
export function isProof(value: unknown, side: "plugin" | "host", secret: string, challenges: Challenges): boolean {
  return isHex32(value) && timingSafeEqual(Buffer.from(value), Buffer.from(prove(side, secret, challenges)));
}
