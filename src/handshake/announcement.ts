import { PluginError } from "../errors.js";
import { type Address, formatAddress, isPipe, longestSocketPath } from "../util/address.js";
import { APIVersion } from "./constants.js";

/** What a plugin's announcement line says: `CORE|API|NETWORK|ADDRESS|PROTOCOL|CERT`, go-plugin's field order. */
export interface Announcement {
  readonly apiVersion: number;
  readonly address: Address;
  /** `jsonrpc` over a plain socket, `jsonrpc+ws` over a WebSocket. */
  readonly protocol: "jsonrpc" | "jsonrpc+ws";
  /** The plugin's certificate, DER in base64 without padding, where it speaks TLS. */
  readonly cert?: string | undefined;
}

export function formatAnnouncement({ apiVersion, address, protocol, cert = "" }: Announcement): string {
  return `${APIVersion}|${apiVersion}|${address.network}|${formatAddress(address)}|${protocol}|${cert}`;
}

const ANNOUNCEMENT = /^\d+\|\d+\|[^|]*\|[^|]*\|/;
// Any two numbers, and a network of ours: nobody prints that who does not mean it so.
const NEARLY = /^[-+]?[\d.]+(e[-+]?\d+)?\|[-+]?[\d.]+(e[-+]?\d+)?\|(tcp|unix)\|[^|]*\|/i;
// As some plugins for older hosts have it. It is output like any other, and of interest where nothing else comes.
const TOO_SHORT = /^\d+\|\d+\|(tcp|unix)\|[^|]*$/;

/**
 * Says whether a line is meant as an announcement; what comes before it is the plugin's own output. One that is nearly an announcement
 * counts too, so that parseAnnouncement() says what is wrong with it, instead of a plugin that waits for a host which waits for it.
 */
export function looksLikeAnnouncement(line: string): boolean {
  return ANNOUNCEMENT.test(line) || NEARLY.test(line);
}

// A whole one of ours at the end of a line, with nothing of it left open: what comes before is text without a newline at its end.
const WITHIN = /1\|\d{1,16}\|(?:tcp|unix)\|[^|]+\|jsonrpc(?:\+ws)?(?:\|[A-Za-z0-9+/]*)?$/;

/** Where in a line an announcement begins that goes to its end, in characters; negative if there is none. */
export function announcementWithin(line: string): number {
  return line.search(WITHIN);
}

/** Says whether a line would be an announcement if it had a protocol, its fifth field. */
export function lacksProtocol(line: string): boolean {
  return TOO_SHORT.test(line);
}

/**
 * Reads an announcement line. More fields may follow and are ignored.
 * @throws {PluginError} `VERSION_MISMATCH` or `BAD_HANDSHAKE`, with the end of a sentence: `it announced …`.
 */
export function parseAnnouncement(line: string): Announcement {
  const [core, api = "", network, address = "", protocol, cert] = line.split("|");
  if (core !== APIVersion) {
    const sentence = `it announced version ${core?.slice(0, 32)} of the handshake, and this host speaks version ${APIVersion}`;
    throw new PluginError("VERSION_MISMATCH", `${sentence}\n  Use releases of this package on both sides that have a version in common.`);
  }
  const apiVersion = Number(api);
  if (!/^\d+$/.test(api) || !Number.isSafeInteger(apiVersion) || apiVersion < 1) {
    throw bad(`it announced apiVersion "${api.slice(0, 32)}", which is no whole number from 1`);
  }
  if (protocol !== "jsonrpc" && protocol !== "jsonrpc+ws") {
    throw bad(`it announced protocol "${protocol?.slice(0, 32)}", and this host speaks jsonrpc and jsonrpc+ws`);
  }
  const shared = { apiVersion, protocol, ...(cert ? { cert } : {}) } as const;
  if (network === "unix") return { ...shared, address: { network, path: address } };
  if (network === "tcp") return { ...shared, address: parseTcp(address) };
  throw bad(`it announced network "${network?.slice(0, 32)}", and this host knows tcp and unix`);
}

function bad(sentence: string): PluginError {
  return new PluginError("BAD_HANDSHAKE", sentence);
}

function parseTcp(text: string): Address {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw bad(`it announced address "${text.slice(0, 128)}", which is no host:port`);
  return { network: "tcp", host: (match[1] ?? match[2]) as string, port };
}

/** What a host lets a plugin announce. */
export interface AllowedAddress {
  readonly minPort: number;
  readonly maxPort: number;
  readonly unixSocketDir: string | undefined;
  /** Where this very host would be debugged. */
  readonly inspectorPort: number;
}

/**
 * Says why a host does not dial an announced address, or undefined if it does.
 *
 * Only loopback literals: a name would be looked up, and could lead anywhere.
 */
export function whyRefused(address: Address, allowed: AllowedAddress): string | undefined {
  if (address.network === "unix") return whyPathRefused(address.path, allowed.unixSocketDir);
  const { host, port } = address;
  if (host !== "127.0.0.1" && host !== "::1") return "only 127.0.0.1 and [::1] are dialled";
  if (port === 0) return "port 0 is no port that can be dialled";
  if (port === allowed.inspectorPort) return "that is where the debugger of this host listens";
  const { minPort, maxPort } = allowed;
  if (maxPort === 0 || (port >= minPort && port <= maxPort)) return undefined;
  return `its port is not in ${minPort} to ${maxPort}\n  A plugin takes its port from PLUGIN_MIN_PORT to PLUGIN_MAX_PORT; with minPort and maxPort 0 any will do.`;
}

function whyPathRefused(path: string, dir: string | undefined): string | undefined {
  if (dir === undefined) return "this host asked for no unix socket";
  const name = path.startsWith(`${dir}${isPipe(dir) ? "\\" : "/"}`) ? path.slice(dir.length + 1) : "";
  // A plain name alone: that rules out "..", and a link to a directory.
  if (!/^[A-Za-z0-9_.-]+$/.test(name) || name === "." || name === "..") return `only a socket directly in "${dir}" is dialled`;
  // The system cuts longer paths without a word, and another file would be dialled.
  const mostBytes = longestSocketPath();
  if (Buffer.byteLength(path) > mostBytes && !isPipe(path)) return `its path is longer than the ${mostBytes} bytes that a socket's may be`;
  return undefined;
}
