import type { Implementation } from "../../contract/implement.js";
import { type Provides, readProvides } from "../../contract/implementations.js";
import { isTopics, type Topics } from "../../contract/topics.js";
import { type PackageLimits, type ResolvedPackageLimits, readPackageLimits } from "../../install/archive/archive-limits.js";
import type { LogLimits, ResolvedLogLimits } from "../../install/logs/rotated-file.js";
import { hostStderr } from "../../output/host-stderr.js";
import type { Runtime } from "../../process/runtime.js";
import type { Logger } from "../../util/logger.js";
import { callback } from "../../util/options/functions.js";
import { list } from "../../util/options/lists.js";
import { logger } from "../../util/options/loggers.js";
import { duration, integer, patience } from "../../util/options/numbers.js";
import { directory } from "../../util/options/paths.js";
import { nested, type OptionsSource, option, REQUIRED, readOptions } from "../../util/options/source.js";
import { type ListenOptions, type ResolvedListen, readListen } from "../external/listen-options.js";
import type { Access } from "../installed/credentials.js";
import { type RuntimeProvider, readRuntime } from "../runtime-provider.js";
import { type ResolvedSpec, resolveSpec } from "./resolve-spec.js";
import type { PluginSpec } from "./spec.js";

/** What a host knows, runs and offers. */
export interface HostOptions<T extends Topics = Topics> {
  /** Who this program is: told to its plugins. @default the name of its file */
  readonly app?: { readonly name: string; readonly version: string } | undefined;
  /** Loaded by ready(). @default [] */
  readonly plugins?: readonly PluginSpec[] | undefined;
  /** How long ready() waits for required plugins, in milliseconds. @default as long as they take to become active or errored */
  readonly readyTimeoutMs?: number | undefined;
  /** Where plugins dial in that somebody else runs; `false`: nowhere but by handleUpgrade(). @default ws://127.0.0.1:51234, once there is such a plugin */
  readonly listen?: ListenOptions | false | undefined;
  /** How long such a plugin is awaited: by ready() if it is required, by those that need it, by dispense(). In milliseconds. @default 4_000 */
  readonly clientTimeoutMs?: number | undefined;
  /** How long what is asked of plugins at the end may take, in milliseconds: `core.close`, and events on their way. @default 2_000 */
  readonly closeTimeoutMs?: number | undefined;
  /** For calls without their own, in milliseconds. `Infinity` waits for ever. @default 60_000 */
  readonly callTimeoutMs?: number | undefined;
  /** `none` runs nothing, `local` runs child processes; any other name is one of `runtimes`; or a runtime of your own. @default "local" */
  readonly runtimeProvider?: RuntimeProvider | Runtime | undefined;
  /** Runtimes by name, for `runtimeProvider`. @default {} */
  readonly runtimes?: Readonly<Record<string, Runtime>> | undefined;
  /** What `host.bus` speaks. @default no topics */
  readonly topics?: T | undefined;
  /** What plugins may call, and this program's own handlers of topics. @default [] */
  readonly provides?: readonly Implementation[] | undefined;
  /**
   * Where installed plugins and what is to be known of plugins is kept: a directory of this host's own, made where it is not there.
   * @default nothing is kept, and nothing can be installed
   */
  readonly dataDir?: string | URL | undefined;
  /** How large a package may be. @default 2_000 files, 100 MiB */
  readonly packageLimits?: PackageLimits | undefined;
  /** How much of each plugin's log is kept. @default 5 files of 10 MiB */
  readonly logLimits?: LogLimits | undefined;
  /**
   * Issues a credential to an installed plugin that asks for one (`credentials` in `mortise/plugin`): whatever JSON carries. The signal
   * aborts when the plugin is unloaded: revoke it then.
   * @default none is issued
   */
  readonly access?: Access | undefined;
  /** Gets what happens to the plugins, and their output. `console` and pino fit as they are; `false` is silent. @default as NewClient()'s */
  readonly logger?: Logger | false | undefined;
}

export interface ResolvedHostOptions {
  readonly app: { readonly name: string; readonly version: string } | undefined;
  readonly plugins: readonly ResolvedSpec[];
  readonly readyTimeoutMs: number;
  /** Undefined: where it listens by default, once a plugin may dial in. */
  readonly listen: ResolvedListen | false | undefined;
  readonly clientTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly callTimeoutMs: number;
  /** Undefined for `none`: nothing may be run. */
  readonly runtime: Runtime | "local" | undefined;
  readonly topics: Topics | undefined;
  readonly provides: Provides;
  readonly dataDir: string | undefined;
  readonly packageLimits: ResolvedPackageLimits;
  readonly logLimits: ResolvedLogLimits;
  readonly access: Access | undefined;
  readonly logger: Logger;
}

const ATTEMPT = "Cannot create a host";
const NAMES = new Set(
  (
    "app plugins readyTimeoutMs listen clientTimeoutMs closeTimeoutMs callTimeoutMs runtimeProvider runtimes topics provides dataDir " +
    "packageLimits logLimits access logger"
  ).split(" "),
);

/** @throws {TypeError | RangeError} An option that is unknown or wrong. */
export function resolveHostOptions(options: HostOptions<Topics>): ResolvedHostOptions {
  const from = readOptions(ATTEMPT, options, NAMES);
  return {
    app: readApp(from),
    plugins:
      from.values["plugins"] === undefined
        ? []
        : list(from, "plugins", "a list of plugins", (entry, place) => resolveSpec(entry.values[place] as PluginSpec)),
    readyTimeoutMs: patience(from, "readyTimeoutMs", Number.POSITIVE_INFINITY),
    listen: from.values["listen"] === undefined ? undefined : readListen(from),
    clientTimeoutMs: duration(from, "clientTimeoutMs", 4_000),
    closeTimeoutMs: duration(from, "closeTimeoutMs", 2_000, { zero: true }),
    callTimeoutMs: patience(from, "callTimeoutMs", 60_000),
    runtime: readRuntime(from),
    topics: option(from, "topics", undefined, isTopics, "made with defineTopics()"),
    provides: from.values["provides"] === undefined ? NOTHING_PROVIDED : readProvides(from, "provides"),
    dataDir: directory(from, "dataDir", undefined),
    packageLimits: readPackageLimits(from, "packageLimits"),
    logLimits: readLogLimits(from),
    access: callback<Access, undefined>(from, "access", undefined),
    logger: logger(from, "logger", hostStderr("mortise")),
  };
}

const NOTHING_PROVIDED: Provides = { contracts: [], topics: [] };

function readLogLimits(from: OptionsSource): ResolvedLogLimits {
  const limits = nested(from, "logLimits", new Set(["maxFileBytes", "maxFiles"]));
  return { maxFileBytes: integer(limits, "maxFileBytes", 10 * 2 ** 20, 1_024), maxFiles: integer(limits, "maxFiles", 5, 1, 1_000) };
}

function readApp(from: OptionsSource): ResolvedHostOptions["app"] {
  if (from.values["app"] === undefined) return undefined;
  const app = nested(from, "app", new Set(["name", "version"]));
  const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
  return {
    name: option(app, "name", REQUIRED, isText, "a text"),
    version: option(app, "version", REQUIRED, isText, "a version, as 1.2.3"),
  };
}
