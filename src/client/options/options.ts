import type { Readable, Writable } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { type Implementation, type ImplementationRecord, readImplementations } from "../../contract/implement.js";
import type { Checksum } from "../../executable/checksum.js";
import type { Command } from "../../executable/command.js";
import { showCommand } from "../../executable/shown-command.js";
import { checkApiVersion, type Handshake, type ResolvedHandshake, resolveHandshake } from "../../handshake/cookie.js";
import type { ReattachConfig } from "../../handshake/reattach-config.js";
import type { Runtime, StdioOptions } from "../../process/runtime.js";
import type { TransportName } from "../../util/address.js";
import { type Logger, silentLogger } from "../../util/logger.js";
import { faultOfOptions } from "../../util/plain-options.js";
import { safeLogger } from "../../util/safe-logger.js";
import { showValue } from "../../util/show-value.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../../wire/limits.js";
import {
  checkCommand,
  checkCwd,
  checkDuration,
  checkEnv,
  checkFlag,
  checkFunctions,
  checkHeartbeat,
  checkInheritEnv,
  checkPorts,
  checkStreams,
  type ResolvedHeartbeat,
} from "./option-checks.js";
import type { Reattach } from "./reattach-option.js";
import { checkReattach } from "./reattach-option.js";
import { checkSecurity } from "./security-checks.js";

export interface ClientOptions {
  /** Executable and arguments, run without a shell. A `.js` or `.mjs` file runs on this Node.js. Relative paths start at `cwd`. */
  readonly command?: Command | undefined;
  /**
   * Instead of `command`: a plugin that already runs, as its host's `reattachConfig` or the plugin itself said, or that as JSON text.
   * kill() only leaves it, unless `mayKill`. Options for starting a process are of no effect then.
   */
  readonly reattach?: (ReattachConfig & { readonly mayKill?: boolean | undefined }) | string | undefined;
  readonly handshake?: Handshake | undefined;
  /** Versions this host speaks. @default [handshake.apiVersion] */
  readonly apiVersions?: readonly number[] | undefined;
  /** What the plugin may call back. @default [] */
  readonly provides?: readonly Implementation[] | undefined;
  /** Handed to the plugin's `configure` before it counts as ready; as JSON, with what is provided, at most 64 KiB. @default {} */
  readonly config?: unknown;
  /** @default "tcp" */
  readonly transport?: TransportName | undefined;
  /** Range the plugin's TCP port is taken from, ends included; 0 and 0: any. @default 10_000, 25_000 */
  readonly minPort?: number | undefined;
  readonly maxPort?: number | undefined;
  /**
   * `"auto"` makes a one-time certificate on each side, and neither takes another. Or certificates of your own, for a plugin that has
   * its own (`ServeOptions.tls`): its must be signed by one in `ca`, for localhost; `cert` and `key` are shown to it.
   * @default no TLS: loopback, and both sides prove the secret
   */
  readonly tls?: "auto" | SecureContextOptions | undefined;
  /** @default this process's own */
  readonly cwd?: string | URL | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** All, none, or the variables named; never the handshake's own. `env` wins over what is inherited. @default true */
  readonly inheritEnv?: boolean | readonly string[] | undefined;
  /**
   * What the file named first in `command` must hash to before it is run: the script, where it is one, and not its interpreter. Then
   * neither it nor a directory on the way to it may be one that other users can write to. What a script loads is not hashed.
   */
  readonly checksum?: Checksum | undefined;
  /** Group, by name or number, whose members may connect to the unix socket as well. They still prove the secret. */
  readonly socketGroup?: string | number | undefined;
  /** From spawn to ready. @default 60_000 */
  readonly startTimeoutMs?: number | undefined;
  /** For calls without their own. `Infinity` waits for ever. @default 60_000 */
  readonly callTimeoutMs?: number | undefined;
  /** From asking to SIGTERM, and from SIGTERM to SIGKILL. @default 2_000 */
  readonly killTimeoutMs?: number | undefined;
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
   * Nobody waits for this writer, nor for the two below: what it has not taken is kept, up to 16 MiB. Beyond that bytes are left out
   * until it takes them again, and the log says so once. The same for one that has ended or throws.
   */
  readonly stderr?: Writable | undefined;
  /** Get what the plugin prints once it has announced itself. @default not synced */
  readonly syncStdout?: Writable | undefined;
  readonly syncStderr?: Writable | undefined;
  /** What the plugin reads on stdin. @default nothing, kept open: its end tells the plugin that the host is gone */
  readonly stdin?: Readable | undefined;
  /** Check values against the contracts' schemas on this side. @default true */
  readonly validate?: boolean | undefined;
  /** One that throws or rejects harms nothing: a process warning says so once. @default silent */
  readonly logger?: Logger | undefined;
}

/** ClientOptions, checked, with their defaults. */
export interface ResolvedClientOptions {
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
  readonly minPort: number;
  readonly maxPort: number;
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

const NAMES: ReadonlySet<string> = new Set(
  (
    "command reattach handshake apiVersions provides config transport minPort maxPort tls cwd env inheritEnv checksum socketGroup startTimeoutMs callTimeoutMs " +
    "killTimeoutMs limits managed heartbeat runtime stderr syncStdout syncStderr stdin validate logger"
  ).split(" "),
);

/** @throws {TypeError | RangeError} An option that is unknown or wrong. The caller's object is read once and never changed. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  if (typeof options !== "object" || options === null)
    throw new TypeError("Cannot create a client: the options must be an object with a command");
  const fault = faultOfOptions(options, NAMES);
  if (fault !== undefined) throw new TypeError(`Cannot create a client: ${fault}`);
  const { config, transport = "tcp", logger = silentLogger, provides = [], runtime } = options;
  const reattach = checkReattach(options);
  const command = reattach === undefined ? checkCommand(options.command) : `process ${reattach.config.pid}`;
  const handshake = resolveHandshake(options.handshake);
  const { apiVersions = [handshake.apiVersion] } = options;
  if (!Array.isArray(apiVersions) || apiVersions.length === 0)
    throw new TypeError("Cannot create a client: apiVersions must be a list of at least one");
  apiVersions.forEach(checkApiVersion);
  if (transport !== "tcp" && transport !== "unix" && transport !== "websocket") {
    throw new TypeError(`Cannot create a client: transport is ${showValue(transport)}, and it must be "tcp", "unix" or "websocket"`);
  }
  checkFunctions("logger", logger, ["debug", "info", "warn", "error"]);
  if (runtime !== undefined) checkFunctions("runtime", runtime, ["start"]);
  return {
    command,
    reattach,
    shown: showCommand(command),
    handshake,
    apiVersions: [...apiVersions],
    provides: readImplementations(provides, "provides"),
    config,
    transport,
    ...checkPorts(options.minPort, options.maxPort),
    cwd: checkCwd(options.cwd),
    env: checkEnv(options.env ?? {}, handshake),
    inheritEnv: checkInheritEnv(options.inheritEnv),
    ...checkSecurity(options),
    startTimeoutMs: checkDuration("startTimeoutMs", options.startTimeoutMs, 60_000),
    callTimeoutMs: checkDuration("callTimeoutMs", options.callTimeoutMs, 60_000, { infinite: true }),
    killTimeoutMs: checkDuration("killTimeoutMs", options.killTimeoutMs, 2_000, { zero: true }),
    limits: resolveLimits(options.limits),
    managed: checkFlag("managed", options.managed, false),
    heartbeat: checkHeartbeat(options.heartbeat, reattach === undefined ? {} : false),
    runtime,
    stdio: checkStreams(options),
    validate: checkFlag("validate", options.validate, true),
    logger: safeLogger(logger),
  };
}
