import type { ClientOptions } from "../../client/options/options.js";
import type { Contract } from "../../contract/contract.js";
import type { CallOptions, Remote } from "../../contract/views.js";
import type { PluginError } from "../../errors.js";
import type { Manifest } from "../../install/manifest/manifest.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import { ranOutOfMemory } from "../../peer/errors/out-of-memory.js";
import type { Grants } from "../grants.js";
import type { SessionHealth } from "./session-health.js";
import type { SessionState } from "./states.js";

/** One plugin known to a Host. What is wanted and what is so are two things. */
export interface Session {
  /** The plugin's. */
  readonly id: string;
  /** How it is run. */
  readonly mode: "supervised" | "external" | "inline";
  /** The process; undefined for a plugin that is not run by this host. */
  readonly supervised: Supervised | undefined;
  /** When it last became active; undefined before the first time. */
  readonly startedAt: Date | undefined;
  /** What is wanted. */
  readonly activeState: "active" | "inactive";
  /** What is so. */
  readonly reportedState: SessionState;
  /** Why it is errored or restarting; undefined otherwise. */
  readonly errorMessage: string | undefined;
  /** The same for programs: `code`, and what there is of `step`, `reason`, `exitCode`, `signal`, `stderrTail`, `outOfMemory`, `attempt`, `delayMs`. */
  readonly errorDetails: Readonly<Record<string, unknown>>;
  /** Its last end that was not asked for. Kept after it has recovered, and in `dataDir`. */
  readonly lastExit: LastExit | undefined;
  /** How often it was started anew. */
  readonly restarts: number;
  /** What its package says of it, what it asks for and the schema of its settings among it; undefined for one that is not installed. */
  readonly manifest: Manifest | undefined;
  /** What it may do now. */
  readonly grants: Grants;
  /** Takes effect at once, on live connections too. What is left out is not granted any more. */
  grant(grants: Grants): Promise<void>;
  /** What the plugin said when it was last asked (`serve({ health })`), and how many calls have timed out since it started. */
  readonly health: SessionHealth | undefined;
  /**
   * Resolves when it is so. The last wish holds.
   * @throws {PluginError} Why it is errored; `NOT_READY` where a plugin that it needs is not there; `CANCELLED` where the opposite was
   *   asked for meanwhile. An aborted signal ends the wait, not the wish.
   */
  setActiveState(state: "active" | "inactive", options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /**
   * Starts a new process beside the old one, hands the session over once it is ready and well, and drains the old one. If the new one
   * does not come to that the old one stays, and the call rejects with why.
   */
  replace(options?: ReplaceOptions): Promise<void>;
  /**
   * Hands other options to the plugin's `configure`, which runs again, and keeps them if that resolves within 30 s. Those of an installed
   * plugin are held against its manifest's schema first, and are there when the host is started again; a secret that is written back as it
   * was read, masked, stays what it was.
   * @throws {PluginError} `NOT_SENT` It is not active. `INVALID_INPUT` They do not fit.
   */
  configure(settings: unknown): Promise<void>;
  /**
   * A handle for as long as the session: it outlives restarts and replacements. While no process is there its calls reject with
   * `NOT_SENT`, at once or after `waitReadyMs`.
   * @throws {PluginError} `NOT_PROVIDED` naming what it lacks; `NOT_READY` where it has never been active, and is not about to be.
   */
  dispense<C extends Contract>(contract: C): Promise<Remote<C>>;
  /** A call by name, as in `greeter.greet`. */
  send(method: string, input?: unknown, options?: CallOptions): Promise<unknown>;
}

/** The process of a session. */
export interface Supervised {
  /** Of the process that serves it; of several, the first. */
  readonly pid: number | undefined;
  /** As setActiveState("active"). */
  start(): Promise<void>;
  /** As setActiveState("inactive"). */
  stop(): Promise<void>;
}

/** How a plugin ended that was not asked to. */
export interface LastExit {
  /** What happened. */
  readonly reason: CloseReason;
  /** When that was known. */
  readonly at: Date;
  /** Calls that it took along. */
  readonly callsLost: number;
}

/** How a plugin is replaced. */
export interface ReplaceOptions {
  /** How long the old process may take for the calls that run there, in milliseconds. @default 10_000 */
  readonly drainMs?: number | undefined;
  /** Another program for this session, from now on. @default the same */
  readonly command?: ClientOptions["command"];
}

/** What is known of a failure, for programs. */
export function detailsOf(error: PluginError | undefined, reason: CloseReason | undefined): Readonly<Record<string, unknown>> {
  if (error === undefined) return {};
  const { code, step, reason: why, exitCode, signal, stderrTail } = error as PluginError & Readonly<Record<string, unknown>>;
  return withoutUndefined({ code, step, reason: why, exitCode, signal, stderrTail, ...endOf(reason) });
}

function endOf(reason: CloseReason | undefined): Readonly<Record<string, unknown>> {
  if (reason?.kind !== "exited") return {};
  const { exitCode, signal, stderrTail } = reason;
  return { exitCode, signal, stderrTail, outOfMemory: ranOutOfMemory(stderrTail) ? true : undefined };
}

function withoutUndefined(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
