import type { Readable, Writable } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import type { Implementation, ImplementationRecord } from "../../contract/implement.js";
import { readImplementations } from "../../contract/implementations.js";
import type { Checksum } from "../../executable/checksum.js";
import type { Command } from "../../executable/command.js";
import { showCommand } from "../../executable/shown-command.js";
import { type Handshake, type ResolvedHandshake, resolveHandshake } from "../../handshake/cookie.js";
import type { ReattachConfig } from "../../handshake/reattach-config.js";
import type { Runtime, StdioOptions } from "../../process/runtime.js";
import type { TransportName } from "../../util/address.js";
import { type Logger, silentLogger } from "../../util/logger.js";
import { choice } from "../../util/options/choices.js";
import { flag } from "../../util/options/flags.js";
import { withFunctions } from "../../util/options/functions.js";
import { list } from "../../util/options/lists.js";
import { logger } from "../../util/options/loggers.js";
import { namesIn } from "../../util/options/names.js";
import { duration, integer, patience } from "../../util/options/numbers.js";
import { directory } from "../../util/options/paths.js";
import { mistake, type OptionsSource, REQUIRED, readOptions } from "../../util/options/source.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../../wire/limits.js";
import { type ResolvedHeartbeat, readHeartbeat } from "./heartbeat-option.js";
import { type PortRange, readCommand, readEnv, readInheritEnv, readPorts, readStreams } from "./launch-options.js";
import { type Reattach, readReattach } from "./reattach-option.js";
import { readChecksum, readSocketGroup, readTls } from "./security-options.js";

export interface ClientOptions {
  /** Executable and arguments, run without a shell. A `.js` or `.mjs` file runs on this Node.js. Relative paths start at `cwd`. */
  readonly command?: Command | undefined;
  /**
   * Instead of `command`: a plugin that already runs, as its host's `reattachConfig` or the plugin itself said, or that as JSON text.
   * kill() only leaves it, unless `mayKill`. Options for starting a process are of no effect then.
   */
  readonly reattach?: (ReattachConfig & { readonly mayKill?: boolean | undefined }) | string | undefined;
  /** What both programs know of each other, as `serve()` is given it. @default version 1, and Otto's magic cookie */
  readonly handshake?: Handshake | undefined;
  /** Versions this host speaks, whole numbers from 1; the highest that the plugin speaks as well is used. @default [handshake.apiVersion] */
  readonly apiVersions?: readonly number[] | undefined;
  /** What the plugin may call back. @default [] */
  readonly provides?: readonly Implementation[] | undefined;
  /** Handed to the plugin's `configure` before it counts as ready; as JSON, with what is provided, at most 64 KiB. @default {} */
  readonly config?: unknown;
  /** What the connection goes over: `"tcp"` on loopback, `"unix"` for a socket in a private directory, or `"websocket"`. @default "tcp" */
  readonly transport?: TransportName | undefined;
  /** The lowest TCP port that the plugin may take, from 1; 0 lets the system choose, if `maxPort` is 0 or left out. @default 10_000 */
  readonly minPort?: number | undefined;
  /** The highest one, up to 65_535; included. @default 25_000 */
  readonly maxPort?: number | undefined;
  /**
   * `"auto"` makes a one-time certificate on each side, and neither takes another. Or certificates of your own, for a plugin that has
   * its own (`ServeOptions.tls`): its must be signed by one in `ca`, for localhost; `cert` and `key` are shown to it.
   * @default no TLS: loopback, and both sides prove the secret
   */
  readonly tls?: "auto" | SecureContextOptions | undefined;
  /** The directory that the plugin runs in, a path or a `file:` URL. @default this process's own */
  readonly cwd?: string | URL | undefined;
  /** Variables for the plugin, texts by their names; none that the handshake sets. @default {} */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** All, none, or the variables named; never the handshake's own. `env` wins over what is inherited. @default true */
  readonly inheritEnv?: boolean | readonly string[] | undefined;
  /**
   * What the file named first in `command` must hash to before it is run: the script, where it is one, and not its interpreter. Then
   * neither it nor a directory on the way to it may be one that other users can write to. What a script loads is not hashed.
   * @default not checked
   */
  readonly checksum?: Checksum | undefined;
  /** Group, by name or number, whose members may connect to the unix socket as well. They still prove the secret. Needs transport "unix". @default this user alone */
  readonly socketGroup?: string | number | undefined;
  /** From spawn to ready, in milliseconds. @default 60_000 */
  readonly startTimeoutMs?: number | undefined;
  /** For calls without their own, in milliseconds. `Infinity` waits for ever. @default 60_000 */
  readonly callTimeoutMs?: number | undefined;
  /** From asking to SIGTERM, and from SIGTERM to SIGKILL, in milliseconds; 0 waits for neither. @default 2_000 */
  readonly killTimeoutMs?: number | undefined;
  /** What the plugin may cost this program. @default each its own */
  readonly limits?: Limits | undefined;
  /** Reaped by cleanupClients(). Unmanaged or not, a plugin never outlives this process. @default false */
  readonly managed?: boolean | undefined;
  /**
   * Finds a plugin that is frozen, and ends it. A miss counts while no call runs there, or once the oldest is past its deadline; two
   * misses fit in `timeoutMs`. Off where the plugin's arguments or NODE_OPTIONS have `--inspect`.
   * @default { intervalMs: 10_000, timeoutMs: 5_000 }, and false with `reattach`
   */
  readonly heartbeat?: { readonly intervalMs?: number | undefined; readonly timeoutMs?: number | undefined } | false | undefined;
  /** How the process comes to exist. @default a child process */
  readonly runtime?: Runtime | undefined;
  /**
   * Gets every raw byte of the plugin's stderr, besides the log; the line by which a plugin says why it ends is not among them.
   *
   * The plugin is not held up for this writer, nor for the two below: what it has not taken is kept, up to 16 MiB. Beyond that bytes are
   * left out until it takes them again, and the log says so once. The same for one that has ended or throws.
   * @default none
   */
  readonly stderr?: Writable | undefined;
  /** Gets what the plugin prints on stdout once it has announced itself. @default none */
  readonly syncStdout?: Writable | undefined;
  /** The same of stderr. @default none */
  readonly syncStderr?: Writable | undefined;
  /** What the plugin reads on stdin. @default nothing, kept open: its end tells the plugin that the host is gone */
  readonly stdin?: Readable | undefined;
  /** Check values against the contracts' schemas on this side. @default true */
  readonly validate?: boolean | undefined;
  /** An object with `debug`, `info`, `warn` and `error`. One that throws or rejects harms nothing: a process warning says so once. @default silent */
  readonly logger?: Logger | undefined;
}

/** ClientOptions, checked, with their defaults. */
export interface ResolvedClientOptions extends PortRange {
  /** Never run where there is `reattach`. */
  readonly command: Command;
  readonly reattach: Reattach | undefined;
  /** The command as people know it, for sentences: a long one is cut. */
  readonly shown: string;
  readonly handshake: ResolvedHandshake;
  readonly apiVersions: readonly number[];
  readonly provides: readonly ImplementationRecord[];
  readonly config: unknown;
  readonly transport: TransportName;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly inheritEnv: boolean | readonly string[];
  readonly tls: "auto" | SecureContextOptions | undefined;
  readonly checksum: Checksum | undefined;
  readonly socketGroup: string | number | undefined;
  readonly startTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly killTimeoutMs: number;
  readonly limits: ResolvedLimits;
  readonly managed: boolean;
  readonly heartbeat: ResolvedHeartbeat | false;
  readonly runtime: Runtime | undefined;
  readonly stdio: StdioOptions;
  readonly validate: boolean;
  readonly logger: Logger;
}

const NAMES: ReadonlySet<string> = namesIn(
  "command reattach handshake apiVersions provides config transport minPort maxPort tls cwd env inheritEnv checksum " +
    "socketGroup startTimeoutMs callTimeoutMs killTimeoutMs limits managed heartbeat runtime stderr syncStdout syncStderr stdin validate logger",
);

/** @throws {TypeError | RangeError} An option that is unknown or wrong. The caller's object is never changed. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  const from = readOptions("Cannot create a client", options, NAMES);
  const reattach = readReattach(from);
  const command = reattach === undefined ? readCommand(from) : `process ${reattach.config.pid}`;
  const handshake = resolveHandshake(from);
  return {
    command,
    reattach,
    shown: showCommand(command),
    handshake,
    apiVersions: readVersions(from, handshake),
    provides: options.provides === undefined ? [] : readImplementations(from, "provides"),
    config: options.config,
    transport: choice(from, "transport", "tcp", ["tcp", "unix", "websocket"]),
    ...readPorts(from),
    cwd: directory(from, "cwd", undefined),
    env: readEnv(from, handshake),
    inheritEnv: readInheritEnv(from),
    tls: readTls(from),
    checksum: readChecksum(from),
    socketGroup: readSocketGroup(from),
    startTimeoutMs: duration(from, "startTimeoutMs", 60_000),
    callTimeoutMs: patience(from, "callTimeoutMs", 60_000),
    killTimeoutMs: duration(from, "killTimeoutMs", 2_000, { zero: true }),
    limits: resolveLimits(from),
    managed: flag(from, "managed", false),
    heartbeat: readHeartbeat(from, reattach === undefined),
    runtime: withFunctions<Runtime>(from, "runtime", ["start"]),
    stdio: readStreams(from),
    validate: flag(from, "validate", true),
    logger: logger(from, "logger", silentLogger),
  };
}

function readVersions(from: OptionsSource, { apiVersion }: ResolvedHandshake): readonly number[] {
  if (from.values["apiVersions"] === undefined) return [apiVersion];
  const wanted = "a list of at least one whole number from 1";
  const versions = list(from, "apiVersions", wanted, (at, place) => integer(at, place, REQUIRED, 1));
  if (versions.length === 0) throw mistake(from, `apiVersions is empty, and it must be ${wanted}`);
  return versions;
}
