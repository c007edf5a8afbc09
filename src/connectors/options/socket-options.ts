import { flag } from "../../util/options/flags.js";
import { namesIn } from "../../util/options/names.js";
import { mistake, nested, type OptionsSource } from "../../util/options/source.js";

/** What may be set of a socket. Node.js can set no more: another name is refused, and so is what it cannot do. */
export interface SocketOptions {
  /** Sends at once what is small. @default true */
  readonly TCP_NODELAY?: boolean | undefined;
  /**
   * Several servers on one port, of a machine's processes. For servers, where Node.js (from 22.12 and 23.1) and the system have it.
   * @default false
   */
  readonly SO_REUSEPORT?: boolean | undefined;
  /** Node.js sets it on every server, and on no client. @default what is so */
  readonly SO_REUSEADDR?: boolean | undefined;
}

export interface ResolvedSocketOptions {
  readonly noDelay: boolean;
  readonly reusePort: boolean;
}

const NAMES = namesIn("TCP_NODELAY SO_REUSEPORT SO_REUSEADDR");
const CANNOT = namesIn(
  "SO_RCVBUF SO_SNDBUF SO_LINGER SO_KEEPALIVE SO_BROADCAST SO_RCVTIMEO SO_SNDTIMEO IP_TTL IP_TOS TCP_QUICKACK TCP_CORK",
);

/** Reads `socket_options`, and `no_delay`, which is another name of `TCP_NODELAY`. @throws {TypeError} */
export function readSocketOptions(from: OptionsSource, role: "server" | "client"): ResolvedSocketOptions {
  const given = from.values["socket_options"];
  for (const name of Object.keys(given ?? {})) {
    if (CANNOT.has(name))
      throw mistake(from, `${from.prefix}socket_options.${name} is nothing that can be set here; there are ${[...NAMES].join(", ")}`);
  }
  const options = nested(from, "socket_options", NAMES);
  const reusePort = flag(options, "SO_REUSEPORT", false);
  if (reusePort && role === "client") throw mistake(from, `${options.prefix}SO_REUSEPORT is for servers`);
  if (reusePort && !canReusePort(process.versions.node)) {
    throw mistake(
      from,
      `${options.prefix}SO_REUSEPORT cannot be set: this Node.js (${process.versions.node}) has no reusePort; 22.12 and 23.1 have`,
    );
  }
  const reuseAddress = flag(options, "SO_REUSEADDR", role === "server");
  if (reuseAddress !== (role === "server")) {
    const what = role === "server" ? "Node.js sets it on every server" : "Node.js cannot set it on a client";
    throw mistake(from, `${options.prefix}SO_REUSEADDR cannot be ${reuseAddress}: ${what}`);
  }
  return { noDelay: readNoDelay(from, options), reusePort };
}

function readNoDelay(from: OptionsSource, options: OptionsSource): boolean {
  const noDelay = flag(from, "no_delay", undefined);
  const named = flag(options, "TCP_NODELAY", undefined);
  if (noDelay !== undefined && named !== undefined && noDelay !== named) {
    throw mistake(from, `${from.prefix}no_delay is ${noDelay}, and ${options.prefix}TCP_NODELAY, which means the same, is ${named}`);
  }
  return noDelay ?? named ?? true;
}

/** Says whether a version of Node.js has `reusePort` for servers. */
export function canReusePort(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}
