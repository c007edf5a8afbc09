import type { ClientOptions } from "../../client/options/options.js";
import { type Provides, readProvides } from "../../contract/implementations.js";
import { digestOf, MAX_TOKEN_LENGTH } from "../../handshake/token.js";
import { choice } from "../../util/options/choices.js";
import { flag } from "../../util/options/flags.js";
import { callback } from "../../util/options/functions.js";
import { list } from "../../util/options/lists.js";
import { duration, integer, patience } from "../../util/options/numbers.js";
import { mistake, nested, type OptionsSource, option, REQUIRED, readOptions } from "../../util/options/source.js";
import { EVERYTHING, type Grants } from "../grants.js";
import { type ResolvedRestartPolicy, resolveRestart } from "../supervised/restart-policy.js";
import type { InlineSpec, PluginSpec } from "./spec.js";

export interface ResolvedHealth {
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly unhealthyAfter: number;
}
interface ResolvedCommon {
  readonly id: string;
  readonly required: boolean;
  readonly options: unknown;
  readonly active: boolean;
  readonly needs: readonly string[];
  readonly order: number;
  readonly grants: Grants;
  /** As it was given: what load() compares with. */
  readonly given: PluginSpec;
}
export interface ResolvedSupervised extends ResolvedCommon {
  readonly mode: "supervised";
  readonly restart: ResolvedRestartPolicy | false;
  readonly health: ResolvedHealth | false;
  readonly instances: number;
  readonly standby: boolean;
  readonly activation: "start" | "demand";
  readonly idleStopMs: number;
  /** The rest: what a client of this plugin is made with. */
  readonly client: ClientOptions;
}
export interface ResolvedInline extends ResolvedCommon {
  readonly mode: "inline";
  readonly provides: Provides;
  readonly configure: NonNullable<InlineSpec["configure"]>;
}
export interface ResolvedExternal extends ResolvedCommon {
  readonly mode: "external";
  /** SHA-256 of its token; undefined where any will do. */
  readonly tokenDigest: string | undefined;
  readonly apiVersions: readonly number[];
}
export type ResolvedSpec = ResolvedSupervised | ResolvedExternal | ResolvedInline;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const COMMON = "id required options active needs order grants mode http".split(" ");
const SUPERVISED = "restart health instances standby activation idleStopMs".split(" ");
const CLIENT = (
  "command interpreter execArgv provides handshake apiVersions transport minPort maxPort tls cwd env inheritEnv checksum socketGroup startTimeoutMs callTimeoutMs " +
  "killTimeoutMs limits heartbeat runtime stderr syncStdout syncStderr validate values logger"
).split(" ");
const NAMES = {
  supervised: new Set([...COMMON, ...SUPERVISED, ...CLIENT]),
  external: new Set([...COMMON, "token", "apiVersions"]),
  inline: new Set([...COMMON, "provides", "configure"]),
};
const GRANTS = new Set(["contracts", "events", "actions", "hooks", "http"]);

/** @throws {TypeError | RangeError} With the plugin's id and what is wrong. The client's own options are checked when it is started. */
export function resolveSpec(spec: PluginSpec): ResolvedSpec {
  const id = readId(spec);
  const attempt = `Cannot load plugin "${id}"`;
  const { mode } = spec as { readonly mode: unknown };
  if (mode !== "supervised" && mode !== "external" && mode !== "inline") {
    const sentence = `its mode is ${JSON.stringify(mode) ?? "undefined"}, and it must be "supervised", "external" or "inline"`;
    throw new TypeError(`${attempt}: ${sentence}`);
  }
  const from = readOptions(attempt, spec, NAMES[mode]);
  const common = resolveCommon(id, from, spec);
  if (mode === "supervised") return resolveSupervised(common, from, spec);
  return mode === "external" ? resolveExternal(common, from) : resolveInline(common, from);
}

function readId(spec: PluginSpec): string {
  const { id } = (spec ?? {}) as { readonly id?: unknown };
  if (typeof id !== "string" || !ID.test(id)) {
    const shown = typeof id === "string" ? JSON.stringify(id.slice(0, 200)) : String(id);
    throw new TypeError(
      `Cannot load a plugin: its id is ${shown}, and it must be 1 to 128 letters, digits, dots, underscores or dashes, and begin with a letter or digit`,
    );
  }
  if (id === "host") throw new TypeError('Cannot load a plugin: its id is "host", which is what this program itself goes by on the bus');
  return id;
}

function resolveCommon(id: string, from: OptionsSource, given: PluginSpec): ResolvedCommon {
  const isId = (value: unknown): value is string => typeof value === "string" && ID.test(value);
  const { values } = from;
  return {
    id,
    required: flag(from, "required", false),
    options: values["options"] ?? {},
    active: flag(from, "active", true),
    needs:
      values["needs"] === undefined
        ? []
        : list(from, "needs", "a list of plugins' ids", (entry, place) => option(entry, place, REQUIRED, isId, "a plugin's id")),
    order: option(from, "order", 0, isNumber, "a number"),
    grants: readGrants(from, "grants", EVERYTHING),
    given,
  };
}

/** @throws {TypeError} */
export function readGrants(from: OptionsSource, name: string, fallback: Grants): Grants {
  if (from.values[name] === undefined) return fallback;
  const grants = nested(from, name, GRANTS);
  const names = (kind: string): readonly string[] => {
    if (grants.values[kind] === undefined) return [];
    return list(grants, kind, "a list of names", (entry, place) => option(entry, place, REQUIRED, isText, "a name"));
  };
  return {
    contracts: names("contracts"),
    events: names("events"),
    actions: names("actions"),
    hooks: names("hooks"),
    http: flag(grants, "http", false),
  };
}

function resolveSupervised(common: ResolvedCommon, from: OptionsSource, spec: PluginSpec): ResolvedSupervised {
  const values = spec as unknown as Readonly<Record<string, unknown>>;
  const client = Object.fromEntries(CLIENT.filter((name) => values[name] !== undefined).map((name) => [name, values[name]]));
  return {
    ...common,
    mode: "supervised",
    restart: resolveRestart(from),
    health: resolveHealth(from),
    instances: integer(from, "instances", 1, 1, 1_000),
    standby: flag(from, "standby", false),
    activation: choice(from, "activation", "start", ["start", "demand"]),
    idleStopMs: patience(from, "idleStopMs", 60_000),
    client: client as ClientOptions,
  };
}

function resolveHealth(from: OptionsSource): ResolvedHealth | false {
  if (from.values["health"] === false) return false;
  const health = nested(
    from,
    "health",
    new Set(["everyMs", "timeoutMs", "unhealthyAfter"]),
    "false, or everyMs, timeoutMs and unhealthyAfter",
  );
  return {
    everyMs: duration(health, "everyMs", 10_000),
    timeoutMs: duration(health, "timeoutMs", 5_000),
    unhealthyAfter: integer(health, "unhealthyAfter", 3, 1),
  };
}

function resolveExternal(common: ResolvedCommon, from: OptionsSource): ResolvedExternal {
  const { token } = from.values;
  const isToken = typeof token === "string" && token !== "" && token.length <= MAX_TOKEN_LENGTH;
  // What was given stands in no sentence.
  if (token !== undefined && !isToken) throw mistake(from, `token must be a text of 1 to ${MAX_TOKEN_LENGTH} characters`);
  const apiVersions =
    from.values["apiVersions"] === undefined
      ? [1]
      : list(from, "apiVersions", "a list of versions", (entry, place) => integer(entry, place, REQUIRED, 1));
  return { ...common, mode: "external", tokenDigest: token === undefined ? undefined : digestOf(token), apiVersions };
}

function resolveInline(common: ResolvedCommon, from: OptionsSource): ResolvedInline {
  const configure = callback<NonNullable<InlineSpec["configure"]>, NonNullable<InlineSpec["configure"]>>(from, "configure", () => {});
  return { ...common, mode: "inline", provides: readProvides(from, "provides"), configure };
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
