import { PluginError, type StartError } from "../errors.js";

/** Why a connection, or a plugin, is no more. `switch` on `kind` is complete. */
export type CloseReason =
  /** We ended the process. `forced`: it had to be made to. `escaped`: descendants outside its process group that were still alive. */
  | { readonly kind: "killed"; readonly forced: boolean; readonly escaped: readonly number[] }
  /** One side closed the connection in order. */
  | { readonly kind: "closed"; readonly by: "us" | "peer" }
  /** The process ended unasked. `error`: the uncaught exception, where the plugin could still tell it. */
  | {
      readonly kind: "exited";
      readonly exitCode: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly stderrTail: string;
      readonly error?: PluginError;
    }
  /** The connection broke, or the other side broke the protocol. */
  | { readonly kind: "lost"; readonly error: PluginError }
  /** It never became ready. */
  | { readonly kind: "failed"; readonly error: StartError };

/** What the calls of a connection that is over reject with. */
export interface CloseErrors {
  /** The call never left: it is safe to make it again elsewhere. */
  notSent(method: string): PluginError;
  /** The call left, and what became of it is not known. */
  lost(method: string): PluginError;
  /** Why handlers that still run for the other side are aborted. */
  readonly aborted: PluginError;
}

/** @param other The other side, for sentences, as in `plugin "./kv.js"`. */
export function closeErrors(reason: CloseReason, other: string): CloseErrors {
  const ours = reason.kind === "closed" && reason.by === "us";
  const cause = "error" in reason ? { cause: reason.error } : undefined;
  const what = ours ? `we closed the connection to ${other}` : `the connection to ${other} ${describe(reason)}`;
  const code = ours ? "CONNECTION_CLOSED" : "CONNECTION_LOST";
  return {
    notSent: (method) => new PluginError("NOT_SENT", `Cannot call "${method}": ${what}`, cause),
    lost: (method) => new PluginError(code, `Lost the answer to "${method}": ${what}; the call may have run`, cause),
    aborted: new PluginError(code, `The call was ended: ${what}`, cause),
  };
}

function describe(reason: CloseReason): string {
  if (reason.kind === "closed") return "was closed by it";
  return "error" in reason && reason.error !== undefined ? `is lost: ${reason.error.message}` : "is lost";
}
