import type { TransportName } from "../util/address.js";
import type { ResolvedHandshake } from "./cookie.js";
import { EnvName, isEnvName } from "./env-names.js";

/** What a host tells a plugin. */
export interface PluginEnv {
  readonly apiVersions: readonly number[];
  readonly transport: TransportName;
  readonly minPort: number;
  readonly maxPort: number;
  /** Private directory for the socket; only where the transport is `unix`. */
  readonly unixSocketDir: string | undefined;
  /** 64 lower-case hex digits. */
  readonly secret: string;
  /** The host's certificate for this start, PEM, where TLS is automatic. */
  readonly clientCert?: string | undefined;
  /** By whose end the plugin knows that its host is gone: a descriptor of that number, or its stdin. */
  readonly lifeline: number | "stdin" | undefined;
  /** How many hosts stand above the plugin, each started by the one before. @default 1 */
  readonly depth?: number | undefined;
}

/** Says whether a variable belongs to the handshake: it is never inherited, and a caller cannot set it. */
export function isHandshakeName(name: string, handshake: ResolvedHandshake): boolean {
  return name === handshake.magicCookieKey || isEnvName(name);
}

export function writePluginEnv(env: PluginEnv, handshake: ResolvedHandshake): Record<string, string> {
  return {
    [handshake.magicCookieKey]: handshake.magicCookieValue,
    [EnvName.protocolVersions]: env.apiVersions.join(","),
    [EnvName.transport]: env.transport,
    [EnvName.minPort]: String(env.minPort),
    [EnvName.maxPort]: String(env.maxPort),
    [EnvName.secret]: env.secret,
    ...(env.unixSocketDir === undefined ? {} : { [EnvName.unixSocketDir]: env.unixSocketDir }),
    ...(env.clientCert === undefined ? {} : { [EnvName.clientCert]: env.clientCert }),
    ...(env.depth === undefined ? {} : { [EnvName.depth]: String(env.depth) }),
    ...(env.lifeline === undefined ? {} : { [EnvName.lifeline]: env.lifeline === "stdin" ? "stdin" : `fd:${env.lifeline}` }),
  };
}

/** @throws {Error} A variable that is missing or cannot be used, with the sentence for the plugin's stderr. */
export function readPluginEnv(env: Readonly<Record<string, string | undefined>>): PluginEnv {
  const secret = env[EnvName.secret];
  if (secret === undefined) {
    throw new Error(
      `Cannot start: there is no ${EnvName.secret}, which a host makes for each start\n  Run by hand, a plugin that is in order comes this far and no further.`,
    );
  }
  if (!/^[0-9a-f]{64}$/.test(secret)) throw new Error(`Cannot start: ${EnvName.secret} must be 64 lower-case hex digits`);
  const transport = env[EnvName.transport] ?? "tcp";
  if (transport !== "tcp" && transport !== "unix" && transport !== "websocket") {
    throw new Error(
      `Cannot start: the host asks for transport "${transport}" in ${EnvName.transport}, and this plugin has tcp, unix and websocket`,
    );
  }
  const unixSocketDir = env[EnvName.unixSocketDir];
  if (transport === "unix" && !unixSocketDir) {
    throw new Error(`Cannot start: the transport is unix, and ${EnvName.unixSocketDir} names no directory for the socket`);
  }
  const [minPort, maxPort] = [readPort(env, EnvName.minPort), readPort(env, EnvName.maxPort)];
  if (maxPort !== 0 && minPort > maxPort) {
    throw new Error(`Cannot start: ${EnvName.minPort} ${minPort} is above ${EnvName.maxPort} ${maxPort}`);
  }
  return {
    apiVersions: readVersions(env[EnvName.protocolVersions] ?? "1"),
    transport,
    minPort,
    maxPort,
    unixSocketDir,
    secret,
    clientCert: env[EnvName.clientCert] || undefined,
    lifeline: readLifeline(env[EnvName.lifeline]),
  };
}

/** How many hosts stand above this program, each the plugin of the one before. */
export function hostsAbove(env: Readonly<Record<string, string | undefined>>): number {
  return Number(/^\d{1,3}$/.exec(env[EnvName.depth] ?? "")?.[0] ?? 0);
}

/** What newer hosts may have besides is none that this plugin knows. */
function readLifeline(text = ""): PluginEnv["lifeline"] {
  if (text === "stdin") return text;
  const [, number] = /^fd:(\d{1,4})$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number);
}

function readVersions(text: string): number[] {
  const versions = text.split(",").map((part) => Number(part.trim()));
  if (versions.every((version) => Number.isSafeInteger(version) && version > 0)) return versions;
  throw new Error(`Cannot start: ${EnvName.protocolVersions} is "${text}", and it must be whole numbers with commas between them`);
}

function readPort(env: Readonly<Record<string, string | undefined>>, name: string): number {
  const text = env[name] ?? "0";
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new Error(`Cannot start: ${name} is "${text}", and it must be a port from 0 to 65535`);
}
