import { namesIn } from "../util/options/names.js";
import { integer } from "../util/options/numbers.js";
import { nested, type OptionsSource, option } from "../util/options/source.js";
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

const NAMES: ReadonlySet<string> = namesIn("apiVersion magicCookieKey magicCookieValue");

/**
 * The option `handshake`.
 * @throws {TypeError | RangeError} An unknown name, a version that is no whole number from 1, a key that cannot name a variable, an empty value.
 */
export function resolveHandshake(from: OptionsSource): ResolvedHandshake {
  const at = nested(from, "handshake", NAMES);
  return {
    apiVersion: integer(at, "apiVersion", 1, 1),
    magicCookieKey: option(at, "magicCookieKey", MagicCookieKey, isFreeVariable, "the name of an environment variable of your own"),
    magicCookieValue: option(at, "magicCookieValue", MagicCookieValue, isCookie, "a text that is not empty, without NUL"),
  };
}

/** A name that a shell takes, too, and that is none by which the handshake tells something else. */
function isFreeVariable(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) && !isEnvName(value);
}

function isCookie(value: unknown): value is string {
  return typeof value === "string" && value !== "" && !value.includes("\0");
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
