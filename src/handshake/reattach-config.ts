import type { Address } from "../util/address.js";
import { isHex32 } from "./proof.js";

/**
 * What a host needs to attach to a plugin that already runs. JSON values alone: it fits in an environment variable.
 * Whoever has it can call the plugin, for the secret is in it.
 */
export interface ReattachConfig {
  /** The plugin's process. */
  readonly pid: number;
  /** Where the plugin listens. */
  readonly address: Address;
  /** `jsonrpc` over a plain socket, `jsonrpc+ws` over a WebSocket. */
  readonly protocol: string;
  /** What the plugin announced, or agreed with its first host; each host that attaches agrees its own. */
  readonly apiVersion: number;
  /** 64 lower-case hex digits. */
  readonly secret: string;
}

/** A ReattachConfig that was checked. */
export interface CheckedReattachConfig extends ReattachConfig {
  readonly protocol: "jsonrpc" | "jsonrpc+ws";
}

/** @throws {TypeError} Its first fault, as the end of a sentence; never with the secret in it. */
export function checkReattachConfig(value: unknown): CheckedReattachConfig {
  const config = typeof value === "string" ? parse(value) : value;
  if (typeof config !== "object" || config === null) throw new TypeError("it must be a reattachConfig, or that as JSON text");
  const { pid, address, protocol, apiVersion, secret } = config as Readonly<Record<string, unknown>>;
  if (!isPositive(pid)) throw new TypeError("its pid must be a process id");
  if (protocol !== "jsonrpc" && protocol !== "jsonrpc+ws") throw new TypeError('its protocol must be "jsonrpc" or "jsonrpc+ws"');
  if (!isPositive(apiVersion)) throw new TypeError("its apiVersion must be a whole number from 1");
  if (!isHex32(secret)) throw new TypeError("its secret must be 64 lower-case hex digits");
  return { pid, address: checkAddress(address), protocol, apiVersion, secret };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without the parser's words: they quote the text, and the secret is in it.
    throw new TypeError("its text is not JSON");
  }
}

function checkAddress(value: unknown): Address {
  const { network, host, port, path } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (network === "tcp" && typeof host === "string" && isPositive(port) && port <= 65_535) return { network, host, port };
  if (network === "unix" && typeof path === "string" && path.startsWith("/")) return { network, path };
  throw new TypeError('its address must be {"network":"tcp","host":…,"port":…} or {"network":"unix","path":…}');
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}
