import { isOptions } from "../util/plain-options.js";
import { showValue } from "../util/show-value.js";
import { MagicCookieKey, MagicCookieValue } from "./constants.js";
import { isEnvName } from "./env-names.js";

/** Shared by both sides. The cookie tells people they ran a plugin by hand; it is not a secret. */
export interface Handshake {
  /** Version of the application's contracts. @default 1 @throws {RangeError} If it is no whole number from 1. */
  readonly apiVersion?: number | undefined;
  /**
   * Name of the variable that holds the cookie.
   * @default MagicCookieKey
   * @throws {TypeError} If it cannot name a variable, or the handshake has another use for it.
   */
  readonly magicCookieKey?: string | undefined;
  /** What that variable holds. @default MagicCookieValue @throws {TypeError} If it is empty or holds NUL. */
  readonly magicCookieValue?: string | undefined;
}
export type ResolvedHandshake = { readonly apiVersion: number; readonly magicCookieKey: string; readonly magicCookieValue: string };

const NAMES: readonly string[] = ["apiVersion", "magicCookieKey", "magicCookieValue"];

/** @throws {TypeError | RangeError} An unknown name, a version that is no whole number from 1, a key that cannot name a variable, an empty value. */
export function resolveHandshake(handshake: Handshake = {}): ResolvedHandshake {
  if (!isOptions(handshake)) {
    throw new TypeError(`Cannot use handshake: it is ${showValue(handshake)}, and it must be an object with ${NAMES.join(", ")}`);
  }
  for (const name of Object.keys(handshake)) {
    if (!NAMES.includes(name)) throw new TypeError(`Cannot use handshake: there is no "${name}" in it; it has ${NAMES.join(", ")}`);
  }
  const { apiVersion = 1, magicCookieKey = MagicCookieKey, magicCookieValue = MagicCookieValue } = handshake;
  checkApiVersion(apiVersion);
  if (typeof magicCookieKey !== "string" || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(magicCookieKey)) {
    throw new TypeError(`Cannot use magicCookieKey ${showValue(magicCookieKey)}: it must be the name of an environment variable`);
  }
  if (isEnvName(magicCookieKey)) {
    throw new TypeError(`Cannot use magicCookieKey "${magicCookieKey}": the handshake has another use for that variable`);
  }
  if (typeof magicCookieValue !== "string" || magicCookieValue === "" || magicCookieValue.includes("\0")) {
    throw new TypeError(`Cannot use magicCookieValue ${showValue(magicCookieValue)}: it must be a text that is not empty`);
  }
  return { apiVersion, magicCookieKey, magicCookieValue };
}

/** @throws {RangeError} */
export function checkApiVersion(version: number): void {
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new RangeError(`Cannot use apiVersion ${showValue(version)}: it must be a whole number from 1`);
  }
}

export function readCookie(env: Readonly<Record<string, string | undefined>>, handshake: ResolvedHandshake): "ok" | "missing" | "wrong" {
  const value = env[handshake.magicCookieKey];
  if (value === undefined) return "missing";
  return value === handshake.magicCookieValue ? "ok" : "wrong";
}

/** What a person reads who ran a plugin by hand, or under a host of another application. */
export function explainCookie(found: "missing" | "wrong", handshake: ResolvedHandshake): string {
  if (found === "missing") return "This is a plugin: it is started by another program and does nothing on its own.";
  return (
    `This is a plugin of another program than the one that started it: the magic cookie in ${handshake.magicCookieKey} is not the one it knows.\n` +
    "  Give both programs the same handshake, or start the plugin that belongs to this program."
  );
}
