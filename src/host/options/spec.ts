import type { ClientOptions } from "../../client/options/options.js";
import type { Implementation } from "../../contract/implement.js";
import type { Awaitable } from "../../contract/views.js";
import type { Connection } from "../../peer/connection.js";
import type { Grants } from "../grants.js";
import type { RestartPolicy } from "../supervised/restart-policy.js";

/** How often a plugin is asked whether it is well. */
export interface HealthPolicy {
  /** In milliseconds. @default 10_000 */
  readonly everyMs?: number | undefined;
  /** How long an answer may take, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number | undefined;
  /** So many bad answers in a row, and it is restarted. @default 3 */
  readonly unhealthyAfter?: number | undefined;
}

/** A plugin that a host is to know. */
export type PluginSpec = SupervisedSpec | ExternalSpec | InlineSpec;

interface CommonSpec {
  /** Unique: 1 to 128 letters, digits, dots, underscores and dashes, of which the first is a letter or a digit. Not `host`. */
  readonly id: string;
  /** Awaited by ready(). @default false */
  readonly required?: boolean | undefined;
  /** Handed to the plugin's `configure`. @default {} */
  readonly options?: unknown;
  /** Wanted at first. @default true */
  readonly active?: boolean | undefined;
  /** Ids of plugins that must be active before it starts, and that stop after it. */
  readonly needs?: readonly string[] | undefined;
  /** Place among the handlers of a hook; lower runs earlier, then load order. @default 0 */
  readonly order?: number | undefined;
  /** What it may call, hear and say. @default everything */
  readonly grants?: Grants | undefined;
}

/** A plugin that this host runs as a process of its own: restarted when it ends. */
export interface SupervisedSpec extends CommonSpec, Omit<ClientOptions, "config" | "reattach" | "managed" | "stdin"> {
  /** This host runs it, as a process. */
  readonly mode: "supervised";
  /** How it is started anew when it has ended. @default five restarts in a row, after 250 ms, 500 ms and so on */
  readonly restart?: RestartPolicy | false | undefined;
  /** How often it is asked whether it is well. @default every 10 s, where the plugin can say */
  readonly health?: HealthPolicy | false | undefined;
  /** How many processes serve it; calls go to the one with the fewest in flight, events to each. @default 1 */
  readonly instances?: number | undefined;
  /** A started, idle process that takes over the moment the active one dies, or is replaced. @default false */
  readonly standby?: boolean | undefined;
  /** Started with the host, or at the first call, event or action. @default "start" */
  readonly activation?: "start" | "demand" | undefined;
  /** With `demand`: stopped after so long without a call or an event, in milliseconds. @default 60_000 */
  readonly idleStopMs?: number | undefined;
}

/** A plugin that somebody else runs, and that dials in. */
export interface ExternalSpec extends CommonSpec {
  /** Somebody else runs it. */
  readonly mode: "external";
  /** What it shows. @default any is let in */
  readonly token?: string | undefined;
  /** Versions that the host speaks with it. @default [1] */
  readonly apiVersions?: readonly number[] | undefined;
}

/** A plugin in this program: the same behaviour without a process. */
export interface InlineSpec extends CommonSpec {
  /** It is this program's own code. */
  readonly mode: "inline";
  /** What it implements: contracts, and topics that it hears and answers. */
  readonly provides: readonly Implementation[];
  /** As that of `serve()`: gets the plugin's options before anything is called; throwing declines to start. @default accepts everything */
  readonly configure?:
    | ((config: unknown, context: { readonly peer: Pick<Connection, "dispense">; readonly signal: AbortSignal }) => Awaitable<void>)
    | undefined;
}
