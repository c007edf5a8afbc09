import { isPluginError, PluginError, type PluginErrorCode, type StartError } from "../../errors.js";
import { escapeLine } from "../../util/text/escape-controls.js";
import { ranOutOfMemory } from "./out-of-memory.js";

/** Why a connection, or a plugin, is no more. `switch` on `kind` is complete. */
export type CloseReason =
  /** We ended the process. `forced`: it had to be made to. `escaped`: what could not be killed: descendants outside its group, or itself. */
  | { readonly kind: "killed"; readonly forced: boolean; readonly escaped: readonly number[] }
  /** One side closed the connection in order. `code`: with which the other side closed a WebSocket; absent on sockets, and by us. */
  | { readonly kind: "closed"; readonly by: "us" | "peer"; readonly code?: number }
  /** The process ended unasked. `error`: the uncaught exception, where the plugin could still tell it. */
  | {
      readonly kind: "exited";
      readonly exitCode: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly stderrTail: string;
      readonly error?: PluginError;
    }
  /** The connection broke, or the other side broke the protocol. `code` as above; 1006 where a WebSocket ended without a close frame. */
  | { readonly kind: "lost"; readonly error: PluginError; readonly code?: number }
  /** It never became ready. */
  | { readonly kind: "failed"; readonly error: StartError };

/** What the calls of a connection that is over reject with. */
export interface CloseErrors {
  /** The call never left: it is safe to make it again elsewhere. */
  notSent(method: string): PluginError;
  /** The call left, and what became of it is not known. */
  lost(method: string): PluginError;
  /** A stream broke off. */
  cut(stream: string): PluginError;
  /** Why handlers that still run for the other side are aborted. */
  readonly aborted: PluginError;
}

/** @param other The other side, for sentences, as in `plugin "./kv.js"`. */
export function closeErrors(reason: CloseReason, other: string): CloseErrors {
  const { code, what, cause } = accountOf(reason, other);
  return {
    notSent: (method) => new PluginError("NOT_SENT", `Cannot call "${method}": ${what}`, cause),
    lost: (method) => new PluginError(code, `Lost the answer to "${method}": ${what}; the call may have run`, cause),
    cut: (stream) => new PluginError(code, `Lost the rest of "${stream}": ${what}`, cause),
    aborted: new PluginError(code, `The call was ended: ${what}`, cause),
  };
}

/** What something that lasts as long as the connection ends with. @param other As for closeErrors(). */
export function overError(reason: CloseReason, other: string): PluginError {
  const { code, what, cause } = accountOf(reason, other);
  return new PluginError(code, `The connection is over: ${what}`, cause);
}

/** The code, the sentence's end and the cause of what a connection took along. */
function accountOf(reason: CloseReason, other: string): { code: PluginErrorCode; what: string; cause: ErrorOptions | undefined } {
  const ours = reason.kind === "closed" && reason.by === "us";
  return {
    code: ours ? "CONNECTION_CLOSED" : "CONNECTION_LOST",
    what: ours ? `we closed the connection to ${other}` : describe(reason, other),
    cause: "error" in reason ? { cause: reason.error } : undefined,
  };
}

/** What became of the other side, as a sentence without its end. */
export function describe(reason: CloseReason, other: string): string {
  if (reason.kind === "exited") return describeExit(reason, other);
  if (reason.kind === "killed") return `${other} was stopped${reason.forced ? ", by force" : ""}`;
  if (reason.kind === "closed" && reason.by === "us") return `we closed the connection to ${other}`;
  if (reason.kind === "closed") return `the connection to ${other} was closed by it`;
  return `the connection to ${other} is lost${"error" in reason ? `: ${reason.error.message}` : ""}`;
}

type Exited = Extract<CloseReason, { kind: "exited" }>;

function describeExit({ exitCode, signal, error, stderrTail }: Exited, other: string): string {
  const how = signal === null ? (exitCode === null ? "ended" : `exited with code ${exitCode}`) : `was ended by ${signal}`;
  const why = error === undefined ? ranOutOfMemory(stderrTail) && "it ran out of memory" : summary(error);
  return `${other} ${how}${why === false ? "" : `: ${why}`}`;
}

const MAX_SUMMARY = 300;

/** As a program's own report begins, on one line. */
function summary(error: PluginError): string {
  const [first = ""] = error.message.split("\n", 1);
  const text = isPluginError(error, "REMOTE_ERROR") ? `${error.remoteName}: ${first}` : first;
  return escapeLine(text.length > MAX_SUMMARY ? `${text.slice(0, MAX_SUMMARY)}…` : text);
}
