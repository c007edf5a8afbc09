import type { RemoteBus } from "../contract/bus-views.js";
import type { Dispensed, Dispenser } from "../contract/context.js";
import { type Contract, checkContract, NAME_PATTERN, NAME_RULE } from "../contract/contract.js";
import type { ImplementationRecord, TopicImplementation } from "../contract/implement.js";
import { isTopics, type Topics } from "../contract/topics.js";
import type { CallOptions, Remote } from "../contract/views.js";
import type { Channel } from "../wire/channel.js";
import { EVENT, PING } from "../wire/messages.js";
import { calls, Observation } from "./call-events.js";
import { checkProvided, providedMembers, whyNotProvided } from "./calls/check-provided.js";
import { makeRemote } from "./calls/remote.js";
import type { Counters } from "./counters.js";
import type { CloseReason } from "./errors/close-reason.js";
import { Peer } from "./peer.js";
import type { PeerOptions } from "./peer-options.js";
import type { Provided } from "./provided.js";
import { type Declared, NOTHING_DECLARED } from "./topics/declared.js";
import { LISTENER_FAILED, type ListenerFailure, pluginTopics } from "./topics/plugin-topics.js";
import { remoteBus } from "./topics/remote-bus.js";
import { topicEntries } from "./topics/topic-handlers.js";

/** An open connection, seen from either side. The end of an `await using` block ends it as close() does. */
export interface Connection extends AsyncDisposable, Dispenser {
  /** The highest version both sides speak. */
  readonly apiVersion: number;
  /** What the other side said it provides. */
  readonly provided: readonly Provided[];
  /** What has crossed so far, as it is now: each look makes a new object. */
  readonly counters: Counters;
  /** Resolves when the connection is gone. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Makes a call by name, for tools that know no contract.
   * @param method Contract and member, as in `greeter.greet`.
   * @throws {TypeError | RangeError} If the name or an option is wrong, or the member is a stream.
   * @throws {PluginError} `NOT_SENT`, `BUSY`, `NOT_PROVIDED` or `INVALID_INPUT`: it did not run.
   * @throws {PluginError} `REMOTE_ERROR`, `INVALID_OUTPUT` or `UNAUTHORIZED`: its handler failed, or refused.
   * @throws {PluginError} `CALL_TIMEOUT`, `CONNECTION_LOST`, `CONNECTION_CLOSED` or `CANCELLED`: no answer; it may have run.
   * @throws {PluginError} `LIMIT_EXCEEDED`: the input or the result is longer than the other side takes.
   */
  call(method: string, input?: unknown, options?: CallOptions): Promise<unknown>;
  /** Says whether the other side has a contract, with every member that is not `optional()`: if so, dispensing it goes well. */
  provides(contract: Contract): boolean;
  /** Resolves with the round trip in milliseconds. @throws {PluginError} As `call`. */
  ping(options?: CallOptions): Promise<number>;
  /** Ends it; calls that wait reject with `CONNECTION_CLOSED`. Idempotent. */
  close(): Promise<CloseReason>;
}

/** What a handshake tells of the other side. */
interface Learned {
  readonly apiVersion?: number;
  readonly provided?: readonly Provided[];
  readonly declared?: Declared;
}

/** A Connection and the peer under it, for the rooms above that complete it. */
export class PeerConnection implements Connection {
  readonly peer: Peer;
  /** The part of it that handlers get. */
  readonly dispenser: Dispenser = Object.freeze({ dispense: (contract) => this.dispense(contract) } satisfies Dispenser);
  readonly #options: PeerOptions;
  #apiVersion = 1;
  #declared: Declared = NOTHING_DECLARED;
  #provided: readonly Provided[] = [];
  /** The full names of streams among it. */
  #streams: ReadonlySet<string> = new Set();

  constructor(channel: Channel, options: PeerOptions) {
    this.#options = options;
    this.peer = new Peer(channel, options, this.dispenser);
  }

  /** What the handshake found out about the other side. */
  learn({ apiVersion = this.#apiVersion, provided = this.#provided, declared = this.#declared }: Learned): void {
    this.#apiVersion = apiVersion;
    this.#declared = declared;
    this.#provided = provided;
    this.#streams = streamsOf(provided);
  }

  /** What the other side hears, answers and joins. */
  get declared(): Declared {
    return this.#declared;
  }

  provide(implementations: readonly ImplementationRecord[]): void {
    this.peer.provide(implementations);
  }

  /** Answers the topics that this side declared. A listener that fails is told to the other side, too. */
  provideTopics(topics: readonly TopicImplementation[]): void {
    if (topics.length === 0) return;
    const report = (failure: ListenerFailure): void => {
      this.peer.notify(EVENT, { topic: LISTENER_FAILED, value: failure }).catch(() => {});
    };
    this.peer.answer(pluginTopics(topicEntries(topics, this.#options.validate), report));
  }

  get apiVersion(): number {
    return this.#apiVersion;
  }

  get provided(): readonly Provided[] {
    return this.#provided;
  }

  get counters(): Counters {
    return this.peer.counters;
  }

  get closed(): Promise<CloseReason> {
    return this.peer.closed;
  }

  call(method: string, input?: unknown, options?: CallOptions): Promise<unknown> {
    // A contract's names were checked when it was defined.
    if (typeof method !== "string" || !NAME_PATTERN.test(method)) {
      return Promise.reject(new TypeError(`Cannot call "${String(method)}": a name is ${NAME_RULE}`));
    }
    if (this.#streams.has(method)) {
      const remedy = "Dispense its contract, and read the stream with for await.";
      return Promise.reject(new TypeError(`Cannot call "${method}" by name: it is a stream, which nobody would read\n  ${remedy}`));
    }
    return calls.hasSubscribers ? this.#observeCall(method, input, options) : this.peer.call(method, input, options);
  }

  dispense<C extends Contract | Topics>(target: C): Dispensed<C> {
    return (isTopics(target) ? this.#dispenseTopics(target) : this.#dispenseContract(target)) as Dispensed<C>;
  }

  #dispenseContract(contract: Contract): Remote<Contract> {
    const { validate, other, plugin = other, clock, hold, callTimeoutMs } = this.#options;
    checkContract(contract, "dispense");
    checkProvided(contract, this.#provided, other);
    const has = providedMembers(contract, this.#provided);
    return makeRemote(contract, this.peer, { validate, plugin, clock, hold, callTimeoutMs, has });
  }

  #dispenseTopics<T extends Topics>(topics: T): RemoteBus<T> {
    const { validate, other, clock, callTimeoutMs: timeoutMs, hold } = this.#options;
    const patience = { clock, timeoutMs, hold, over: () => this.peer.signal };
    return remoteBus(topics, { validate, patience, other, call: (method, message, options) => this.peer.call(method, message, options) });
  }

  #observeCall(method: string, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    const { other, plugin = other, clock } = this.#options;
    const dot = method.lastIndexOf(".");
    const names = { contract: method.slice(0, Math.max(0, dot)), member: method.slice(dot + 1) };
    const observation = new Observation({ side: "caller", ...names, kind: "method", plugin, clock });
    return observation.run(() => this.peer.call(method, input, options));
  }

  provides(contract: Contract): boolean {
    checkContract(contract, "dispense");
    return whyNotProvided(contract, this.#provided) === undefined;
  }

  async ping(options?: CallOptions): Promise<number> {
    const begun = this.#options.clock.now();
    await this.peer.call(PING, undefined, options);
    return this.#options.clock.now() - begun;
  }

  close(): Promise<CloseReason> {
    return this.peer.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function streamsOf(provided: readonly Provided[]): ReadonlySet<string> {
  const names = provided.flatMap(({ name, members }) =>
    Object.entries(members).flatMap(([member, { kind }]) => (kind === "stream" ? [`${name}.${member}`] : [])),
  );
  return new Set(names);
}
