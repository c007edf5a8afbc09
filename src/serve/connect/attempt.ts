import { isPluginError, PluginError, type PluginErrorCode } from "../../errors.js";
import { NotTakenIn, register } from "../../handshake/register.js";
import type { PeerConnection } from "../../peer/connection.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import { UpgradeRefused } from "../../transport/upgrade-refused.js";
import { abortable } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { within } from "../../util/within.js";
import type { Channel } from "../../wire/channel.js";
import type { ResolvedConnectOptions } from "./connect-options.js";
import { type DialEnd, retryAfterMs } from "./redial.js";

export interface AttemptOptions<C extends PeerConnection> {
  readonly options: ResolvedConnectOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  dial(signal: AbortSignal): Promise<Channel>;
  /** Makes the connection of a channel. */
  connect(channel: Channel): C;
}

/** A try that came to nothing. The message is a whole sentence. */
export class AttemptFailed extends Error {
  /** By which it is decided whether to try again. */
  readonly end: DialEnd;
  /** What connect() rejects with, where this was the last try. */
  readonly error: unknown;

  constructor(end: DialEnd, error: unknown) {
    super((error as Error | undefined)?.message);
    this.end = end;
    this.error = error;
  }
}

// From an error to the close frame that tells what it means.
const CLOSE_WAIT_MS = 1_000;

/** One try to be taken in by the host. @throws {AttemptFailed} Nothing is left open then. */
export async function attempt<C extends PeerConnection>(what: AttemptOptions<C>): Promise<C> {
  const { options, clock, signal } = what;
  const channel = await what.dial(signal).catch((error: unknown) => {
    throw dialFailed(error, options);
  });
  const connection = what.connect(channel);
  let declined: { readonly error: unknown } | undefined;
  const configure: typeof options.configure = async (config, context) => {
    try {
      await options.configure(config, context);
    } catch (error) {
      declined = { error };
      throw error;
    }
  };
  const { id, key, provides, health, limits } = options;
  try {
    const info = { name: id };
    await abortable(register(connection, { id, key, provides, configure, health, info, helloTimeoutMs: limits.helloTimeoutMs }), signal);
    return connection;
  } catch (error) {
    if (declined !== undefined) throw await configureFailed(connection, declined.error, clock);
    throw await notTakenIn(connection, error, options, clock);
  }
}

async function configureFailed(connection: PeerConnection, error: unknown, clock: Clock): Promise<AttemptFailed> {
  // The host is told why, and closes then.
  await untilClosed(connection, clock);
  await connection.peer.close(undefined, 1000, "the plugin declined");
  const { retryAfterMs: asked } = (error ?? {}) as { readonly retryAfterMs?: unknown };
  return new AttemptFailed(typeof asked === "number" ? { kind: "closed", code: 1013, retryAfterMs: asked } : { kind: "final" }, error);
}

async function notTakenIn(
  connection: PeerConnection,
  error: unknown,
  options: ResolvedConnectOptions,
  clock: Clock,
): Promise<AttemptFailed> {
  // The host's close frame is on its way behind its answer, and says whether to come back.
  if (error instanceof NotTakenIn) await untilClosed(connection, clock);
  const reason = await connection.peer.close({ kind: "closed", by: "us" });
  return new AttemptFailed(
    endOf(reason, error),
    sentence(options, refusedBy(reason) ?? codeOf(error), whyOf(error, reason, options), error),
  );
}

/** Without a word, as after a wrong proof, the close code is all that tells. */
function refusedBy(reason: CloseReason): PluginErrorCode | undefined {
  if (reason.kind !== "closed") return undefined;
  return reason.code === 1008 ? "UNAUTHORIZED" : reason.code === 1013 ? "BUSY" : undefined;
}

async function untilClosed({ closed }: PeerConnection, clock: Clock): Promise<void> {
  await within<unknown>(closed, CLOSE_WAIT_MS, clock, () => new Error("it left the connection open")).catch(() => {});
}

function endOf(reason: CloseReason, error: unknown): DialEnd {
  if (isPluginError(error, "BAD_HANDSHAKE") || isPluginError(error, "UNAUTHORIZED")) return { kind: "final" };
  const code = "code" in reason ? reason.code : undefined;
  if (code !== undefined) return { kind: "closed", code, retryAfterMs: error instanceof NotTakenIn ? error.retryAfterMs : undefined };
  return error instanceof NotTakenIn ? { kind: "final" } : { kind: "unreachable" };
}

function whyOf(error: unknown, reason: CloseReason, { id }: ResolvedConnectOptions): string {
  if (!isPluginError(error, "CONNECTION_LOST") || !("code" in reason)) return (error as Error).message;
  const { code } = reason;
  if (code === 1008)
    return `it closed the connection with 1008: it does not know plugin "${id}" by this token, or has it connected already`;
  if (code === 1013) return `it closed the connection with 1013: plugin "${id}" is inactive there, or the host has no time now`;
  return code === 1006 ? "the connection broke" : `it closed the connection with ${code}`;
}

function dialFailed(error: unknown, options: ResolvedConnectOptions): AttemptFailed {
  if (error instanceof UpgradeRefused) {
    const { status, headers, message } = error;
    const end = { kind: "http", status, retryAfterMs: retryAfterMs(headers["retry-after"], Date.now()) } as const;
    return new AttemptFailed(end, sentence(options, status === 401 || status === 403 ? "UNAUTHORIZED" : "UNREACHABLE", message, error));
  }
  const end: DialEnd = { kind: isPluginError(error, "BAD_HANDSHAKE") || error instanceof TypeError ? "final" : "unreachable" };
  return new AttemptFailed(end, error instanceof TypeError ? error : sentence(options, codeOf(error), systemsWords(error), error));
}

/** What the system says, in words. */
function systemsWords(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return WORDS.get(code ?? "") ?? message;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ["ECONNREFUSED", "nobody listens there (ECONNREFUSED)"],
  ["ENOTFOUND", "there is no host of that name (ENOTFOUND)"],
  ["ETIMEDOUT", "nobody answered there (ETIMEDOUT)"],
  ["ECONNRESET", "the connection was cut (ECONNRESET)"],
]);

function codeOf(error: unknown): PluginErrorCode {
  return isPluginError(error) && error.code !== "CONNECTION_LOST" ? error.code : "UNREACHABLE";
}

function sentence({ id, shownUrl }: ResolvedConnectOptions, code: PluginErrorCode, why: string, cause: unknown): PluginError {
  return new PluginError(code, `Cannot connect plugin "${id}" to ${shownUrl}: ${why}`, { cause });
}
