import type { Readable, Writable } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import type { Implementation, ImplementationRecord } from "../../contract/implement.js";
import { readImplementations } from "../../contract/implementations.js";
import type { Checksum } from "../../executable/checksum.js";
import type { Command, CommandLine } from "../../executable/command.js";
import { showCommand } from "../../executable/shown-command.js";
import { type Handshake, type ResolvedHandshake, resolveHandshake } from "../../handshake/cookie.js";
import type { ReattachConfig } from "../../handshake/reattach-config.js";
import { hostStderr } from "../../output/host-stderr.js";
import type { Runtime, StdioOptions } from "../../process/runtime.js";
import type { TransportName } from "../../util/address.js";
import type { Logger } from "../../util/logger.js";
import { choice } from "../../util/options/choices.js";
import { flag } from "../../util/options/flags.js";
import { withFunctions } from "../../util/options/functions.js";
import { list } from "../../util/options/lists.js";
import { logger } from "../../util/options/loggers.js";
import { namesIn } from "../../util/options/names.js";
import { duration, integer, patience } from "../../util/options/numbers.js";
import { directory } from "../../util/options/paths.js";
import { mistake, type OptionsSource, REQUIRED, readOptions } from "../../util/options/source.js";
import { readValues } from "../../util/options/values.js";
import { type Limits, type ResolvedLimits, resolveLimits } from "../../wire/limits.js";
import type { ValueRules } from "../../wire/references/extract.js";
import { type ResolvedHeartbeat, readHeartbeat } from "./heartbeat-option.js";
import type { Hosted } from "./hosted.js";
import {
  type PortRange,
  readCommand,
  readEnv,
  readExecArgv,
  readInheritEnv,
  readInterpreter,
  readPorts,
  readStreams,
} from "./launch-options.js";
import { type Reattach, readReattach } from "./reattach-option.js";
import { readChecksum, readSocketGroup, readTls } from "./security-options.js";

/** How one plugin is started, called and ended. Read once, and never changed. */
export interface ClientOptions {
  /**
   * Executable and arguments, run without a shell. The file is a path or a `file:` URL, as `new URL("./plugin.js", import.meta.url)`. A
   * relative path starts at `cwd`; a name without a slash is looked for on the plugin's PATH. A script runs on this Node.js, or on what
   * `interpreter` says: a file that ends in `.js`, `.mjs` or `.cjs`, or in `.ts`, `.mts` or `.cts` where that runs TypeScript.
   * @default none, where `reattach` is given
   * @throws {TypeError} If neither this nor `reattach` is given, or both are; if it is empty or holds NUL.
   */
  readonly command?: Command | undefined;
  /**
   * What runs a script, found as `command` is, with arguments of its own: `["deno", "run", "--allow-all"]`. With a `runtime` it stands
   * before the command that that is handed.
   * @default this Node.js; where this program is a single executable, or made by pkg or the like, the `node` on the plugin's PATH; Electron
   * as Node.js
   * @throws {TypeError} If it is empty or holds NUL.
   */
  readonly interpreter?: string | readonly string[] | undefined;
  /**
   * Options of the interpreter, before the script.
   * @default those of this Node.js that concern loading, as `--import`, `--require` and `--conditions`; none with `interpreter`
   * @throws {TypeError} If it is no list of texts; if there is a `runtime` and no `interpreter`.
   */
  readonly execArgv?: readonly string[] | undefined;
  /**
   * Instead of `command`: a plugin that already runs, as its host's `reattachConfig` or the plugin itself said, or that as JSON text.
   * Options for starting a process are of no effect then.
   * @default none: `command` is started
   * @throws {TypeError} If it is no such configuration.
   */
  readonly reattach?:
    | (ReattachConfig & {
        /**
         * kill() ends the plugin instead of only leaving it.
         * @default false
         * @throws {TypeError} If the plugin is this very process.
         */
        readonly mayKill?: boolean | undefined;
      })
    | string
    | undefined;
  /** What both programs agreed on. @default Otto's cookie, and apiVersion 1 */
  readonly handshake?: Handshake | undefined;
  /**
   * Versions this host speaks. The highest that the plugin speaks too is agreed.
   * @default [handshake.apiVersion]
   * @throws {TypeError} If the list is empty.
   * @throws {RangeError} If one is no whole number from 1.
   */
  readonly apiVersions?: readonly number[] | undefined;
  /** What the plugin may call back. @default [] @throws {TypeError} If two implement one contract. */
  readonly provides?: readonly Implementation[] | undefined;
  /** Handed to the plugin's `configure` before it counts as ready; as JSON, with what is provided, at most 64 KiB. @default {} */
  readonly config?: unknown;
  /** What the plugin listens on; it needs no change for any of them. @default "tcp" */
  readonly transport?: TransportName | undefined;
  /**
   * First port of the range that the plugin's TCP port is taken from. With `maxPort` 0 or left out, 0 lets the system choose.
   * @default 10_000
   * @throws {RangeError} If it is no whole number from 1 to 65,535, or above `maxPort`.
   */
  readonly minPort?: number | undefined;
  /** Last port of that range. @default 25_000, or 0 where `minPort` is 0 @throws {RangeError} As for `minPort`. */
  readonly maxPort?: number | undefined;
  /**
   * `"auto"` makes a one-time certificate on each side, and neither takes another. Or certificates of your own, for a plugin that has
   * its own (`ServeOptions.tls`): its must be signed by one in `ca`, for localhost; `cert` and `key` are shown to it.
   * @default no TLS: loopback, and both sides prove the secret
   * @throws {TypeError} If an object has no `ca`; if it is `"auto"` and `reattach` is given.
   */
  readonly tls?: "auto" | SecureContextOptions | undefined;
  /** The plugin's directory, as a path or a `file:` URL. @default this process's own */
  readonly cwd?: string | URL | undefined;
  /**
   * Variables for the plugin's environment.
   * @default {}
   * @throws {TypeError} If it sets a variable that the handshake sets itself; if a name or a value holds NUL.
   */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** All, none, or the variables named; never the handshake's own. `env` wins over what is inherited. @default true */
  readonly inheritEnv?: boolean | readonly string[] | undefined;
  /**
   * What the file named first in `command` must hash to before it is run: the script, where it is one, and not its interpreter. Then
   * neither it nor a directory on the way to it may be one that other users can write to. What a script loads is not hashed.
   * @default not checked
   * @throws {TypeError} If this Node.js does not know the algorithm, or the digest has another length than its digests.
   */
  readonly checksum?: Checksum | undefined;
  /**
   * Group, by name or number, whose members may connect to the unix socket as well. They still prove the secret.
   * @default this user alone
   * @throws {TypeError} If `transport` is not `"unix"`.
   */
  readonly socketGroup?: string | number | undefined;
  /** From spawn to ready. @default 60_000 @throws {RangeError} If it is not above 0, or `Infinity`. */
  readonly startTimeoutMs?: number | undefined;
  /** Deadline of calls without their own. `Infinity` waits for ever. @default 60_000 @throws {RangeError} If it is not above 0. */
  readonly callTimeoutMs?: number | undefined;
  /**
   * From asking to SIGTERM, and from SIGTERM to SIGKILL; 0 waits for neither.
   * @default 2_000
   * @throws {RangeError} If it is below 0, or `Infinity`.
   */
  readonly killTimeoutMs?: number | undefined;
  /** What the plugin may cost. @default the defaults of each */
  readonly limits?: Limits | undefined;
  /** The open plugin keeps this program running, as its sockets do; with `false` only calls that wait do. @default true */
  readonly ref?: boolean | undefined;
  /** Reaped by cleanupClients(). Unmanaged or not, a plugin never outlives this process. @default false */
  readonly managed?: boolean | undefined;
  /**
   * Finds a plugin that is frozen, and ends it. A miss counts while no call runs there, or once the oldest is past its deadline; two
   * misses fit in `timeoutMs`. Off where the plugin's arguments or NODE_OPTIONS have `--inspect`.
   * @default on, and false with `reattach`
   */
  readonly heartbeat?:
    | {
        /** Silence before the plugin is pinged. @default 10_000 @throws {RangeError} If it is not above 0, or `Infinity`. */
        readonly intervalMs?: number | undefined;
        /** Silence after that before it is ended. @default 5_000 @throws {RangeError} If it is not above 0, or `Infinity`. */
        readonly timeoutMs?: number | undefined;
      }
    | false
    | undefined;
  /** How the process comes to exist. @default a child process */
  readonly runtime?: Runtime | undefined;
  /**
   * Gets every raw byte of the plugin's stderr, besides the log; the line by which a plugin says why it ends is not among them.
   *
   * The host waits neither for this writer nor for `syncStdout` and `syncStderr`: what one has not taken is kept, up to 16 MiB. Beyond
   * that bytes are left out until it takes them again, and the log says so once. The same for one that has ended or throws.
   * @default none
   */
  readonly stderr?: Writable | undefined;
  /** Gets what the plugin prints to stdout once it has announced itself. @default none */
  readonly syncStdout?: Writable | undefined;
  /** Gets what the plugin prints to stderr once it has announced itself. @default none */
  readonly syncStderr?: Writable | undefined;
  /** What the plugin reads on stdin. @default nothing: it is at its end. On Windows, and with a `runtime`, it is kept open, for its end tells the plugin that the host is gone */
  readonly stdin?: Readable | undefined;
  /** Check values against the contracts' schemas on this side. @default true */
  readonly validate?: boolean | undefined;
  /**
   * What becomes of what JSON would change without a word: NaN and Infinity, symbols, promises, Maps, Sets, Errors, typed arrays and the
   * like. `"strict"` refuses a value that holds one, with the path to it; `"json"` sends what JSON makes of it: null, `{}` or nothing.
   * @default "strict"
   * @throws {TypeError} If it is another.
   */
  readonly values?: "strict" | "json" | undefined;
  /**
   * An object with `debug`, `info`, `warn` and `error`, which gets the plugin's output and what happens to it. One that throws or rejects harms nothing: a process warning says so once.
   * `console` and pino fit as they are; `false` is silent.
   * @default what plugins print to stderr, warnings and errors go to this program's own stderr
   */
  readonly logger?: Logger | false | undefined;
}

/** ClientOptions, checked, with their defaults. */
export interface ResolvedClientOptions extends PortRange {
  /** Never run where there is `reattach`. */
  readonly command: CommandLine;
  readonly interpreter: CommandLine | undefined;
  readonly execArgv: readonly string[] | undefined;
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
  readonly ref: boolean;
  readonly managed: boolean;
  readonly heartbeat: ResolvedHeartbeat | false;
  readonly runtime: Runtime | undefined;
  readonly stdio: StdioOptions;
  readonly validate: boolean;
  readonly values: ValueRules;
  readonly logger: Logger;
  /** Set by a Host for the plugins that it supervises. */
  readonly hosted: Hosted | undefined;
}

const NAMES: ReadonlySet<string> = namesIn(
  "command interpreter execArgv reattach handshake apiVersions provides config transport minPort maxPort tls cwd env inheritEnv checksum " +
    "socketGroup startTimeoutMs callTimeoutMs killTimeoutMs limits ref managed heartbeat runtime stderr syncStdout syncStderr stdin validate values logger",
);

/** @throws {TypeError | RangeError} An option that is unknown or wrong. The caller's object is never changed. */
export function resolveClientOptions(options: ClientOptions): ResolvedClientOptions {
  const from = readOptions("Cannot create a client", options, NAMES);
  const reattach = readReattach(from);
  const command = reattach === undefined ? readCommand(from) : ([`process ${reattach.config.pid}`] as const);
  const handshake = resolveHandshake(from);
  return {
    command,
    interpreter: readInterpreter(from),
    execArgv: readExecArgv(from),
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
    ref: flag(from, "ref", true),
    managed: flag(from, "managed", false),
    heartbeat: readHeartbeat(from, reattach === undefined),
    runtime: withFunctions<Runtime>(from, "runtime", ["start"]),
    stdio: readStreams(from),
    validate: flag(from, "validate", true),
    values: readValues(from),
    logger: logger(from, "logger", hostStderr(showCommand(command))),
    hosted: undefined,
  };
}

function readVersions(from: OptionsSource, { apiVersion }: ResolvedHandshake): readonly number[] {
  if (from.values["apiVersions"] === undefined) return [apiVersion];
  const wanted = "a list of at least one whole number from 1";
  const versions = list(from, "apiVersions", wanted, (at, place) => integer(at, place, REQUIRED, 1));
  if (versions.length === 0) throw mistake(from, `apiVersions is empty, and it must be ${wanted}`);
  return versions;
}
