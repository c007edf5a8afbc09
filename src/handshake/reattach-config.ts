import type { Address } from "../util/address.js";
import { choice } from "../util/options/choices.js";
import { isObject } from "../util/options/names.js";
import { integer } from "../util/options/numbers.js";
import { mistake, type OptionsSource, option, REQUIRED, wrong } from "../util/options/source.js";
import { isHex32 } from "./proof.js";

/**
 * What a host needs to attach to a plugin that already runs. JSON values alone: it fits in an environment variable.
 * A program that has it can call the plugin, for the secret is in it.
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

const WANTED = "a reattachConfig, or that as JSON text";
const ADDRESS = '{"network":"tcp","host":…,"port":…} or {"network":"unix","path":…}';

/**
 * The option of that name, as a value or as JSON text. Members that are not known are left out.
 * @throws {TypeError | RangeError} Its first fault; never with the secret in it, and so never with the text.
 */
export function readReattachConfig(from: OptionsSource, name: string): CheckedReattachConfig {
  const given = from.values[name];
  const config = typeof given === "string" ? parse(given) : given;
  if (!isObject(config)) {
    throw typeof given === "string"
      ? mistake(from, `${name} is a text that holds no reattachConfig in JSON`)
      : wrong(from, name, given, WANTED);
  }
  const at = { ...from, prefix: `${name}.`, values: config };
  const { secret } = config;
  if (!isHex32(secret)) throw mistake(from, `${name}.secret must be 64 lower-case hex digits`);
  return {
    pid: integer(at, "pid", REQUIRED, 1),
    address: only(option(at, "address", REQUIRED, isAddress, ADDRESS)),
    protocol: choice(at, "protocol", REQUIRED, ["jsonrpc", "jsonrpc+ws"]),
    apiVersion: integer(at, "apiVersion", REQUIRED, 1),
    secret,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The parser's own words quote the text, and the secret is in it.
  }
}

function isAddress(value: unknown): value is Address {
  const { network, host, port, path } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (network === "unix") return typeof path === "string" && path.startsWith("/");
  return network === "tcp" && typeof host === "string" && Number.isInteger(port) && (port as number) > 0 && (port as number) <= 65_535;
}

/** Without what else may be in it. */
function only(address: Address): Address {
  if (address.network === "unix") return { network: "unix", path: address.path };
  return { network: "tcp", host: address.host, port: address.port };
}
