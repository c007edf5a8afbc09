import { isPluginError, PluginError } from "../errors.js";
import type { PeerConnection } from "../peer/connection.js";
import { quoted } from "../peer/errors/heard.js";
import { answerOf } from "../peer/errors/remote-error.js";
import { HELLO, READY } from "../wire/messages.js";
import { Declined } from "./declined.js";
import { type Info, PROTOCOL_VERSIONS, readOffer, readTopics } from "./hello.js";
import { isHex32, isProof, prove, randomHex } from "./proof.js";
import { type Offer, readyParams } from "./ready-params.js";

/** The offer is given away only once the plugin has proven itself. */
export interface GreetOptions extends Partial<Offer> {
  readonly secret: string;
  readonly apiVersions: readonly number[];
  readonly info: Info;
  readonly helloTimeoutMs: number;
  /**
   * The plugin has proven itself; what is left is its own configuration. Where it gives an offer that is handed over, and not the options';
   * where it rejects, so does the whole.
   */
  onTrust(): Promise<Offer> | void;
}

/**
 * The host's side of the first exchange: proves both ways, agrees the version, hands over the configuration. The connection can
 * be used once it resolves.
 * @throws {PluginError} What the connection ended with; or, with the end of a sentence, `VERSION_MISMATCH`, `BAD_HANDSHAKE`,
 * `CALL_TIMEOUT` if it never answered, and `REMOTE_ERROR` if the plugin declined.
 */
export async function greet(connection: PeerConnection, options: GreetOptions): Promise<void> {
  const host = randomHex();
  const answer = await sayHello(connection, host, options);
  const plugin = checkAnswer(connection, answer, host, options);
  connection.learn({ apiVersion: answer.apiVersion as number, provided: readOffer(answer.provides), declared: readTopics(answer) });
  connection.peer.trust();
  const later = options.onTrust();
  const { provides = [], config } = later === undefined ? options : await later;
  connection.provide(provides);
  connection.peer.activate();
  await makeReady(connection, prove("host", options.secret, { host, plugin }), answer, { provides, config });
}

interface HelloAnswer {
  readonly protocolVersion?: unknown;
  readonly apiVersion?: unknown;
  readonly challenge?: unknown;
  readonly framing?: unknown;
  readonly texts?: unknown;
  readonly proof?: unknown;
  readonly provides?: unknown;
  readonly events?: unknown;
  readonly actions?: unknown;
  readonly hooks?: unknown;
}

async function sayHello(connection: PeerConnection, challenge: string, options: GreetOptions): Promise<HelloAnswer> {
  const { apiVersions, info, helloTimeoutMs } = options;
  const hello = { protocolVersions: PROTOCOL_VERSIONS, apiVersions, challenge, ...framingsOf(connection), info };
  connection.peer.frames?.expect();
  try {
    const answer = await connection.peer.call(HELLO, hello, { timeoutMs: helloTimeoutMs });
    if (typeof answer === "object" && answer !== null) return answer;
  } catch (error) {
    if (isLoss(error)) throw error;
    if (isPluginError(error, "CALL_TIMEOUT")) {
      throw new PluginError("CALL_TIMEOUT", `it was connected to, and did not answer the hello in ${helloTimeoutMs} ms`, { cause: error });
    }
    throw refused(error, apiVersions);
  }
  throw new PluginError("BAD_HANDSHAKE", "it answered the hello with something that is no object");
}

function framingsOf({ peer }: PeerConnection): { readonly framings: readonly string[]; readonly texts?: true } {
  return peer.frames === undefined ? { framings: ["lines"] } : { framings: ["packets", "lines"], texts: true };
}

/** Returns the plugin's challenge. */
function checkAnswer(connection: PeerConnection, answer: HelloAnswer, host: string, options: GreetOptions): string {
  const { protocolVersion, apiVersion, challenge, framing, proof } = answer;
  if (protocolVersion !== 1) throw foreign([protocolVersion]);
  if (!isHex32(challenge) || !isProof(proof, "plugin", options.secret, { host, plugin: challenge })) {
    const sentence = "whoever answered could not prove that this host had started it, and was told nothing";
    throw new PluginError("BAD_HANDSHAKE", `${sentence}\n  Another program may have taken the plugin's address: start it again.`);
  }
  if (!options.apiVersions.includes(apiVersion as number)) {
    throw mismatch(`it chose apiVersion ${list([apiVersion])}, and this host speaks ${options.apiVersions.join(", ")}`);
  }
  const { framings } = framingsOf(connection);
  if (framing !== undefined && !framings.includes(framing as string)) {
    const offered = framings.map((name) => JSON.stringify(name)).join(" and ");
    throw new PluginError("BAD_HANDSHAKE", `it chose framing ${quoted(framing).slice(0, 64)}, and this host offered ${offered}`);
  }
  return challenge;
}

async function makeReady({ peer }: PeerConnection, proof: string, { framing, texts }: HelloAnswer, offer: Offer): Promise<void> {
  const asFrames = framing === "packets";
  // How long a plugin's configure() takes is the start's own deadline.
  const noDeadline = { timeoutMs: Number.POSITIVE_INFINITY };
  // Once more: it may have grown since it was checked.
  const params = readyParams(proof, offer);
  try {
    // The plugin turns to frames with the line that answers this, and we with the line that asks.
    const answer = peer.call(READY, params, noDeadline, (result) => {
      if (asFrames) peer.frames?.receive();
      else peer.frames?.receiveLines();
      return result;
    });
    if (asFrames) peer.sendFrames(texts === true);
    await answer;
  } catch (error) {
    if (isLoss(error)) throw error;
    throw new Declined(reasonIn(error), answerOf(error)?.retryAfterMs, { cause: error });
  }
}

/** Says whether an error is the connection's end. That a plugin is stopping is an answer of its own. */
function isLoss(error: unknown): boolean {
  if (answerOf(error) !== undefined) return false;
  return isPluginError(error, "CONNECTION_LOST") || isPluginError(error, "CONNECTION_CLOSED") || isPluginError(error, "NOT_SENT");
}

/** The plugin's own words, where it said any. */
function reasonIn(error: unknown): string {
  return answerOf(error)?.text ?? (error as Error).message;
}

function refused(error: unknown, ours: readonly number[]): PluginError {
  const data = (isPluginError(error, "INVALID_INPUT") ? answerOf(error)?.data : undefined) as Refusal | null | undefined;
  if (Array.isArray(data?.apiVersions)) {
    return mismatch(`it speaks apiVersion ${list(data.apiVersions)}, and this host speaks ${ours.join(", ")}: they have none in common`);
  }
  if (Array.isArray(data?.protocolVersions)) return foreign(data.protocolVersions);
  return new PluginError("BAD_HANDSHAKE", `it refused the hello: ${reasonIn(error)}`, { cause: error });
}

interface Refusal {
  readonly apiVersions?: unknown;
  readonly protocolVersions?: unknown;
}

function foreign(protocolVersions: readonly unknown[]): PluginError {
  return mismatch(`it speaks version ${list(protocolVersions)} of the protocol, and this host speaks ${PROTOCOL_VERSIONS.join(", ")}`);
}

function mismatch(sentence: string): PluginError {
  return new PluginError("VERSION_MISMATCH", `${sentence}\n  Update the older of the two.`);
}

// A stranger's yet: nothing but numbers, and not many, gets into our sentence.
function list(versions: readonly unknown[]): string {
  const numbers = versions.slice(0, 32).map((version) => (Number.isSafeInteger(version) ? String(version) : "(no whole number)"));
  return numbers.join(", ") || "(none)";
}
