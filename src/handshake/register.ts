import { isPluginError, PluginError } from "../errors.js";
import type { PeerConnection } from "../peer/connection.js";
import { overError } from "../peer/errors/close-reason.js";
import { answerOf } from "../peer/errors/remote-error.js";
import { deferred } from "../util/deferred.js";
import { REGISTER } from "../wire/messages.js";
import { PROTOCOL_VERSIONS, type WelcomeOptions, welcome } from "./hello.js";

export interface RegisterOptions extends Omit<WelcomeOptions, "secret" | "onProven" | "onReady"> {
  readonly id: string;
  /** SHA-256 of the token, which itself does not cross: 64 hex digits. Where there is none, that of the empty text. */
  readonly key: string;
  readonly helloTimeoutMs: number;
}

/** Why a plugin was not taken in. The message is the end of a sentence. */
export class NotTakenIn extends PluginError {
  /** When the host says that it may be tried again, in milliseconds from now. */
  readonly retryAfterMs: number | undefined;

  constructor(cause: PluginError, why: string) {
    super(cause.code, why, { cause });
    this.retryAfterMs = answerOf(cause)?.retryAfterMs;
  }
}

/**
 * The plugin's side of dialling in: registers, configures itself, and takes calls once it resolves.
 * @throws {PluginError} What the connection ended with; `NotTakenIn` where the host said why; what `configure` threw, as it is.
 */
export async function register(connection: PeerConnection, options: RegisterOptions): Promise<void> {
  const lost = deferred<never>();
  lost.promise.catch(() => {});
  void connection.closed.then((reason) => lost.reject(overError(reason, "the host")));
  const taken = registerWithProof(connection, options);
  taken.catch(() => {});
  await Promise.race([taken, lost.promise]);
}

async function registerWithProof(connection: PeerConnection, options: RegisterOptions): Promise<void> {
  const { id, key, configure, info } = options;
  const ready = deferred<void>();
  ready.promise.catch(() => {});
  welcome(connection, {
    ...options,
    secret: key,
    onProven: () => {},
    onReady: () => ready.resolve(),
    async configure(config, context) {
      try {
        await configure(config, context);
      } catch (error) {
        ready.reject(error);
        throw error;
      }
    },
  });
  const answer = await ask(connection, { id, proof: true, protocolVersions: PROTOCOL_VERSIONS, info }, options);
  if ((answer as { readonly proof?: unknown } | null)?.proof !== true) {
    throw new PluginError("BAD_HANDSHAKE", "it did not offer to prove itself, as every host does");
  }
  await ready.promise;
}

async function ask({ peer }: PeerConnection, params: object, { helloTimeoutMs }: RegisterOptions): Promise<unknown> {
  try {
    return await peer.call(REGISTER, params, { timeoutMs: helloTimeoutMs });
  } catch (error) {
    if (isPluginError(error, "CALL_TIMEOUT")) {
      throw new PluginError("CALL_TIMEOUT", `it did not answer in ${helloTimeoutMs} ms`, { cause: error });
    }
    const text = answerOf(error)?.text;
    throw text === undefined ? error : new NotTakenIn(error as PluginError, `it refused: ${text}`);
  }
}
