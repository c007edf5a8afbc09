import type { CloseReason } from "../../peer/errors/close-reason.js";

/** One process that is ready, or what stands for one: an inline plugin, a test's. */
export interface Unit {
  /** Resolves when it is gone. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /** Ends it, however long its calls still take. Idempotent; resolves when it is gone. */
  stop(): Promise<unknown>;
  /** Takes no more calls, lets those that run finish for so long, then ends it. */
  drain(timeoutMs: number): Promise<unknown>;
}

/** Brings a unit into being. Rejects with a PluginError; once the signal has aborted nothing of it is left when it settles. */
export type StartUnit<U extends Unit> = (signal: AbortSignal) => Promise<U>;
