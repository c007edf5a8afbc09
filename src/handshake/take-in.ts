import { isPluginError, PluginError } from "../errors.js";
import type { PeerConnection } from "../peer/connection.js";
import { overError } from "../peer/errors/close-reason.js";
import { announceProvided, type Provided } from "../peer/provided.js";
import type { Clock } from "../util/clock.js";
import { deferred } from "../util/deferred.js";
import { READY, REGISTER } from "../wire/messages.js";
import { isSpecial } from "../wire/references/scan.js";
import { type Claim, readClaim } from "./claim.js";
import { Declined } from "./declined.js";
import { greet } from "./greet.js";
import type { Info } from "./hello.js";
import type { Offer } from "./ready-params.js";
import { RegistrationRefused, unfit } from "./registration-refused.js";
import { digestOf, hasDigest } from "./token.js";
import { highestCommon } from "./version.js";

/** What a host knows of a plugin before that has shown anything. Of one that it does not know it looks the same. */
export interface Known {
  /** SHA-256 of the token, as 64 hex digits; undefined where any will do, and none. */
  readonly key: string | undefined;
  readonly apiVersions: readonly number[];
}
/** What a plugin gets that is taken in. */
export interface Place extends Offer {
  /** Names the connection in logs; no credential. */
  readonly sessionId: string;
}

/** Decides who is taken in. */
export interface Keeper {
  /** @throws {RegistrationRefused} Too many have failed for that id. */
  lookUp(claim: Claim): Promise<Known>;
  /** It could not show the token. Counts it, and gives what it is answered. */
  unauthorized(claim: Claim): RegistrationRefused;
  /** It has shown what is needed: gives it its place. @throws {RegistrationRefused} There is none now, or what it says does not fit. */
  admit(claim: Claim): Promise<Place>;
  /** What is answered where something of the host's own failed. */
  fault(error: unknown): RegistrationRefused;
}

export interface TakeInOptions {
  readonly keeper: Keeper;
  readonly clock: Pick<Clock, "after">;
  /** The token of the request's header, for a plugin that sends none. */
  readonly bearer: string | undefined;
  readonly info: Info;
  readonly helloTimeoutMs: number;
  /** From its place to its being ready. */
  readonly readyTimeoutMs: number;
  /** Called in the moment in which it is ready, before anything else of it is read. */
  onReady(claim: Claim): void;
}

/**
 * The host's side of a plugin that dials in, by its token or by proofs. Resolves once it is ready. Otherwise the connection is closed, with
 * the code that tells it whether to come back, and the promise rejects.
 * @throws {RegistrationRefused | PluginError}
 * @see docs/protocol.md, section 11
 */
export async function takeIn(connection: PeerConnection, options: TakeInOptions): Promise<Claim> {
  const ready = deferred<Claim>();
  void connection.closed.then((reason) => ready.reject(overError(reason, "the plugin")));
  const entry = new Entry(connection, options, ready.resolve, ready.reject);
  try {
    return await ready.promise;
  } catch (error) {
    entry.end(error);
    throw error;
  } finally {
    entry.stopWaiting();
  }
}

// What a plugin proves that has no token, to a host that asks for none.
const NO_TOKEN = digestOf("");

class Entry {
  readonly #connection: PeerConnection;
  readonly #options: TakeInOptions;
  readonly #resolve: (claim: Claim) => void;
  readonly #reject: (error: unknown) => void;
  /** Set once it is to prove itself. */
  #greeting: { readonly claim: Claim; readonly key: string; readonly apiVersions: readonly number[] } | undefined;
  #refusal: RegistrationRefused | undefined;
  stopWaiting: () => void = () => {};

  constructor(connection: PeerConnection, options: TakeInOptions, resolve: (claim: Claim) => void, reject: (error: unknown) => void) {
    this.#connection = connection;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
    connection.peer.expect({
      kind: "request",
      method: REGISTER,
      // Always later: what comes before the answer is out of order, whoever keeps the tokens.
      handler: (params) => this.#register(params),
      onAnswered: () => void this.#greet(),
      onRefused: (error) => reject(this.#refusal ?? error),
    });
  }

  /** Closes the connection with what tells the plugin whether to come back. */
  end(error: unknown): void {
    const [code, text] = closingOf(error);
    const reason = error instanceof PluginError ? error : new PluginError("UNAUTHORIZED", (error as Error).message);
    void this.#connection.peer.close({ kind: "lost", error: reason }, code, text);
  }

  async #register(params: unknown): Promise<object> {
    const { keeper, bearer } = this.#options;
    try {
      const claim = readClaim(params);
      const { key, apiVersions } = await keeper.lookUp(claim);
      if (claim.proof) {
        this.#greeting = { claim, key: key ?? NO_TOKEN, apiVersions };
        return { proof: true };
      }
      if (key !== undefined && !hasDigest(claim.token ?? bearer, key)) throw keeper.unauthorized(claim);
      const apiVersion = commonVersion(claim, apiVersions);
      return this.#acknowledge(claim, apiVersion, await keeper.admit(claim));
    } catch (error) {
      this.#refusal = error instanceof RegistrationRefused ? error : keeper.fault(error);
      throw this.#refusal.answer;
    }
  }

  #acknowledge(claim: Claim, apiVersion: number, place: Place): object {
    const { peer } = this.#connection;
    const answer = ackOf(apiVersion, place);
    this.#waitReady();
    peer.expect({ kind: "notification", method: READY, handler: () => this.#ready(claim) });
    peer.trust();
    this.#connection.learn({ apiVersion, provided: claim.provided, declared: claim.declared });
    this.#connection.provide(place.provides);
    return answer;
  }

  #ready(claim: Claim): void {
    this.#connection.peer.activate();
    this.#options.onReady(claim);
    this.#resolve(claim);
  }

  async #greet(): Promise<void> {
    if (this.#greeting === undefined) return;
    const { claim, key, apiVersions } = this.#greeting;
    const { keeper, info, helloTimeoutMs } = this.#options;
    let proven = false;
    try {
      await greet(this.#connection, {
        secret: key,
        apiVersions,
        info,
        helloTimeoutMs,
        onTrust: async () => {
          proven = true;
          this.#waitReady();
          const { provided, declared } = this.#connection;
          return keeper.admit({ ...claim, provided, declared });
        },
      });
      this.#options.onReady(claim);
      this.#resolve(claim);
    } catch (error) {
      if (!proven && isPluginError(error, "BAD_HANDSHAKE")) keeper.unauthorized(claim);
      this.#reject(error);
    }
  }

  #waitReady(): void {
    const { clock, readyTimeoutMs } = this.#options;
    const late = (): void => this.#reject(new PluginError("CALL_TIMEOUT", `it was not ready ${readyTimeoutMs} ms after it was taken in`));
    this.stopWaiting = clock.after(readyTimeoutMs, late);
  }
}

function commonVersion({ apiVersions: theirs }: Claim, ours: readonly number[]): number {
  const version = highestCommon(ours, theirs);
  if (version !== undefined) return version;
  throw unfit(`this host speaks apiVersion ${ours.join(", ")} with it, and none of its own is among them`, { apiVersions: ours });
}

/** @throws {Error} The options cannot be in it. */
function ackOf(apiVersion: number, { provides, config = {}, sessionId }: Place): object {
  if (isSpecial(config)) throw new Error("its options hold bytes, which only a plugin gets that registers with proofs");
  const configBytes = Buffer.byteLength(JSON.stringify(config) ?? "");
  const offered: readonly Provided[] = announceProvided(provides, configBytes);
  return { protocolVersion: 1, apiVersion, sessionId, provides: offered, config };
}

function closingOf(error: unknown): readonly [code: number, text: string] {
  if (error instanceof RegistrationRefused) return [error.closeCode, CLOSE_TEXTS.get(error.closeCode) ?? "not taken in"];
  if (error instanceof Declined) return error.retryAfterMs === undefined ? [1008, "it declined"] : [1013, "it declined for now"];
  if (error instanceof PluginError) return [1008, PLUGIN_TEXTS[error.code] ?? "not taken in"];
  return [1011, CLOSE_TEXTS.get(1011) as string];
}

const CLOSE_TEXTS: ReadonlyMap<number, string> = new Map([
  [1008, "not taken in"],
  [1011, "the host failed"],
  [1013, "not now"],
]);
const PLUGIN_TEXTS: Readonly<Record<string, string>> = {
  CALL_TIMEOUT: "too late",
  BAD_HANDSHAKE: "wrong proof",
  VERSION_MISMATCH: "no version in common",
};
