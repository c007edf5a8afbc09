// The checks of the options for security. Each throws a TypeError that names the option, and returns what is used.
import { createHash } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { Checksum } from "../../executable/checksum.js";
import { namesAuthorities } from "../../util/authorities.js";

/** What the options for security say together. */
interface SecurityOptions {
  readonly tls?: unknown;
  readonly checksum?: unknown;
  readonly socketGroup?: unknown;
  readonly transport?: unknown;
  readonly reattach?: unknown;
}

export function checkSecurity({ tls, checksum, socketGroup, transport, reattach }: SecurityOptions): {
  readonly tls: "auto" | SecureContextOptions | undefined;
  readonly checksum: Checksum | undefined;
  readonly socketGroup: string | number | undefined;
} {
  if (tls === "auto" && reattach !== undefined) {
    throw wrong('tls is "auto", which makes certificates for a start, and reattach starts nothing: give the certificates themselves');
  }
  if (socketGroup !== undefined && transport !== "unix") throw wrong('socketGroup is of use with transport "unix" alone');
  return { tls: checkTls(tls), checksum: checkChecksum(checksum), socketGroup: checkGroup(socketGroup) };
}

function checkTls(tls: unknown): "auto" | SecureContextOptions | undefined {
  if (tls === undefined || tls === "auto") return tls;
  if (typeof tls !== "object" || tls === null || Array.isArray(tls)) throw wrong('tls must be "auto", or an object with ca, cert and key');
  // Those that Node.js knows, and takes where there is none, sign for the whole world, and for no plugin.
  if (!namesAuthorities((tls as SecureContextOptions).ca)) {
    throw wrong("tls has no ca, by which the plugin's certificate is checked: a text or a Buffer in PEM, or a list of them");
  }
  return { ...tls };
}

function checkChecksum(checksum: unknown): Checksum | undefined {
  if (checksum === undefined) return undefined;
  const { algorithm, digest } = (checksum ?? {}) as Partial<Checksum>;
  if (typeof algorithm !== "string" || typeof digest !== "string") {
    throw wrong('checksum must have an algorithm, as "sha256", and a digest in hex');
  }
  const length = 2 * sizeOf(algorithm);
  if (digest.length === length && /^[0-9a-f]*$/i.test(digest)) return { algorithm, digest: digest.toLowerCase() };
  throw wrong(`checksum.digest must be ${length} hex digits, as ${algorithm} gives them`);
}

function sizeOf(algorithm: string): number {
  try {
    return createHash(algorithm).digest().length;
  } catch {
    throw wrong(`checksum.algorithm is "${algorithm}", which this Node.js does not know; "sha256" it does`);
  }
}

function checkGroup(group: unknown): string | number | undefined {
  if (group === undefined) return undefined;
  const isId = typeof group === "number" && Number.isInteger(group) && group >= 0 && group < 2 ** 32 - 1;
  if (isId || (typeof group === "string" && /^[^:\s\0]+$/.test(group))) return group as string | number;
  throw wrong("socketGroup must be a group's name or number");
}

function wrong(sentence: string): TypeError {
  return new TypeError(`Cannot create a client: ${sentence}`);
}
