import { createHash, timingSafeEqual } from "node:crypto";

/** The longest token that is looked at, in characters. */
export const MAX_TOKEN_LENGTH = 4_096;

/** SHA-256 of a token, as 64 lower-case hex digits: what is kept of it, and the key of proofs made with it. */
export function digestOf(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}

/** Says whether a token has that digest, in the same time whatever it is. None, and one that is too long, has none. */
export function hasDigest(token: string | undefined, digest: string): boolean {
  const isToken = token !== undefined && token.length <= MAX_TOKEN_LENGTH;
  const given = digestOf(isToken ? token : "");
  return timingSafeEqual(Buffer.from(given, "hex"), Buffer.from(digest, "hex")) && isToken;
}
