import type { Readable, Writable } from "node:stream";
import { type Implementation, type ImplementationRecord, readImplementations } from "../contract/implement.js";
import { checkApiVersion, type Handshake, type ResolvedHandshake, resolveHandshake } from "../handshake/cookie.js";
import { type Logger, silentLogger } from "../util/logger.js";
import type { TransportName } from "../wire/address.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../wire/limits.js";
import {
  checkCommand,
  checkCwd,
  checkDuration,
  checkEnv,
  checkFlag,
  checkFunctions,
  checkInheritEnv,
  checkPorts,
  checkStreams,
} from "./option-checks.js";
import type { Command, Runtime, StdioOptions } from "./runtime.js";

export interface ClientOptions {
  /** Executable and arguments, run without a shell. A `.js` or `.mjs` file runs on this Node.js. Relative paths start at `cwd`. */
  readonly command: Command;
  readonly handshake?: Handshake | undefined;
  /** Versions this host speaks. @default [handshake.apiVersion] */
  readonly apiVersions?: readonly number[] | undefined;
  /** What the plugin may call back. @default [] */
  readonly provides?: readonly Implementation[] | undefined;
  /** Handed to the plugin's `configure` before it counts as ready. @default {} */
  readonly config?: unknown;
  /** @default "tcp" */
  readonly transport?: TransportName | undefined;
  /** Range the plugin's TCP port is taken from, ends included; 0 and 0: any. @default 10_000, 25_000 */
  readonly minPort?: number | undefined;
  readonly maxPort?: number | undefined;
  /** @default this process's own */
  readonly cwd?: string | URL | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** All, none, or the variables named; never the handshake's own. `env` wins over what is inherited. @default true */
  readonly inheritEnv?: boolean | readonly string[] | undefined;
  /** From spawn to ready. @default 60_000 */
  readonly startTimeoutMs?: number | undefined;
  /** For calls without their own. `Infinity` waits for ever. @default 60_000 */
  readonly callTimeoutMs?: number | undefined;
  /** From asking to SIGTERM, and from SIGTERM to SIGKILL. @default 2_000 */
  readonly killTimeoutMs?: number | undefined;
  readonly limits?: Limits | undefined;
  /** Reaped by cleanupClients(). Unmanaged or not, a plugin never outlives this process. @default false */
  readonly managed?: boolean | undefined;
  /** How the process comes to exist. @default a child process */
  readonly runtime?: Runtime | undefined;
  /** Gets every raw byte of the plugin's stderr, besides the log. */
  readonly stderr?: Writable | undefined;
  /** Get what the plugin prints once it has announced itself. @default not synced */
  readonly syncStdout?: Writable | undefined;
  readonly syncStderr?: Writable | undefined;
  /** What the plugin reads on stdin. @default nothing, kept open: its end tells the plugin that the host is gone */
  readonly stdin?: Readable | undefined;
  /** Check values against the contracts' schemas on this side. @default true */
  readonly validate?: boolean | undefined;
  /** @default silent */
  readonly logger?: Logger | undefined;
}

/** ClientOptions, checked, with their defaults. */
export interface ResolvedClientOptions {
  readonly command: Command;
  /** The command as people know it, for sentences. */
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
  readonly startTimeoutMs: number;
  readonly callTimeoutMs: number;
  readonly killTimeoutMs: number;
  readonly limits: ResolvedLimits;
  readonly managed: boolean;
  readonly runtime: Runtime | undefined;
  readonly stdio: StdioOptions;
  readonly validate: boolean;
  readonly logger: Logger;
}

const NAMES: readonly string[] = (
  "command handshake apiVersions provides config transport minPort maxPort cwd env inheritEnv startTimeoutMs callTimeoutMs " +
  "killTimeoutMs limits managed runtime stderr syncStdout syncStderr stdin validate logger"
).split(" ");

/** @throws {TypeError | RangeError} An option that is unknown or wrong. The caller's object is read once and never changed. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  if (typeof options !== "object" || options === null)
    throw new TypeError("Cannot create a client: the options must be an object with a command");
  for (const name of Object.keys(options)) {
    if (!NAMES.includes(name))
      throw new TypeError(`Cannot create a client: there is no option "${name}"; the options are ${NAMES.join(", ")}`);
  }
  const { config, transport = "tcp", logger = silentLogger, provides = [], runtime } = options;
  const command = checkCommand(options.command);
  const handshake = resolveHandshake(options.handshake);
  const { apiVersions = [handshake.apiVersion] } = options;
  if (!Array.isArray(apiVersions) || apiVersions.length === 0)
    throw new TypeError("Cannot create a client: apiVersions must be a list of at least one");
  apiVersions.forEach(checkApiVersion);
  if (transport !== "tcp" && transport !== "unix" && transport !== "websocket") {
    throw new TypeError(`Cannot create a client: transport is "${String(transport)}", and it must be "tcp", "unix" or "websocket"`);
  }
  checkFunctions("logger", logger, ["debug", "info", "warn", "error"]);
  if (runtime !== undefined) checkFunctions("runtime", runtime, ["start"]);
  return {
    command,
    shown: typeof command === "string" ? command : command.join(" "),
    handshake,
    apiVersions: [...apiVersions],
    provides: readImplementations(provides, "provides"),
    config,
    transport,
    ...checkPorts(options.minPort, options.maxPort),
    cwd: checkCwd(options.cwd),
    env: checkEnv(options.env ?? {}, handshake),
    inheritEnv: checkInheritEnv(options.inheritEnv ?? true),
    startTimeoutMs: checkDuration("startTimeoutMs", options.startTimeoutMs, 60_000),
    callTimeoutMs: checkDuration("callTimeoutMs", options.callTimeoutMs, 60_000, { infinite: true }),
    killTimeoutMs: checkDuration("killTimeoutMs", options.killTimeoutMs, 2_000, { zero: true }),
    limits: resolveLimits(options.limits),
    managed: checkFlag("managed", options.managed, false),
    runtime,
    stdio: checkStreams(options),
    validate: checkFlag("validate", options.validate, true),
    logger,
  };
}
