// The options for security. Each throws a TypeError that names it, and returns what is used.

import { createHash } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import type { Checksum } from "../../executable/checksum.js";
import { namesIn } from "../../util/options/names.js";
import { mistake, nested, type OptionsSource, option, REQUIRED, wrong } from "../../util/options/source.js";
import { certificates } from "../../util/options/tls.js";

const CHECKSUM_NAMES: ReadonlySet<string> = namesIn("algorithm digest");

export function readTls(from: OptionsSource): "auto" | SecureContextOptions | undefined {
  const { tls, reattach } = from.values;
  if (tls === undefined) return undefined;
  if (tls !== "auto") return certificates(from, "tls", '"auto", or an object with ca, cert and key', ["ca"]);
  if (reattach === undefined) return tls;
  throw mistake(from, 'tls is "auto", which makes certificates for a start, and reattach starts nothing: give the certificates themselves');
}

export function readChecksum(from: OptionsSource): Checksum | undefined {
  if (from.values["checksum"] === undefined) return undefined;
  const at = nested(from, "checksum", CHECKSUM_NAMES);
  const algorithm = option(at, "algorithm", REQUIRED, isAlgorithm, 'one that this Node.js knows, as "sha256"');
  const length = 2 * sizeOf(algorithm);
  const isDigest = (value: unknown): value is string => typeof value === "string" && value.length === length && /^[0-9a-f]*$/i.test(value);
  const digest = option(at, "digest", REQUIRED, isDigest, `${length} hex digits, as ${algorithm} gives them`);
  return { algorithm, digest: digest.toLowerCase() };
}

function isAlgorithm(value: unknown): value is string {
  try {
    return typeof value === "string" && sizeOf(value) > 0;
  } catch {
    return false;
  }
}

function sizeOf(algorithm: string): number {
  return createHash(algorithm).digest().length;
}

export function readSocketGroup(from: OptionsSource): string | number | undefined {
  const { socketGroup, transport } = from.values;
  if (socketGroup !== undefined && transport !== "unix") {
    throw wrong(from, "transport", transport, '"unix" where there is a socketGroup');
  }
  if (socketGroup !== undefined && process.platform === "win32") {
    throw mistake(from, "socketGroup is of no use on Windows, whose pipes have no group");
  }
  return option(from, "socketGroup", undefined, isGroup, "a group's name or number");
}

function isGroup(value: unknown): value is string | number {
  if (typeof value === "number") return Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1;
  return typeof value === "string" && /^[^:\s\0]+$/.test(value);
}
