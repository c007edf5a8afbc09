import type { RemoteBus } from "../../contract/bus-views.js";
import type { Topics } from "../../contract/topics.js";
import { PluginError } from "../../errors.js";
import { PeerConnection } from "../../peer/connection.js";
import type { CloseReason } from "../../peer/errors/close-reason.js";
import { Heartbeat } from "../../peer/heartbeat.js";
import type { PeerOptions } from "../../peer/peer-options.js";
import { remoteBus } from "../../peer/topics/remote-bus.js";
import type { Tracing } from "../../peer/tracing.js";
import { vitalsOf } from "../../peer/vitals.js";
import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { deferred } from "../../util/deferred.js";
import type { Channel } from "../../wire/channel.js";
import { SHUTDOWN } from "../../wire/messages.js";
import { graceOf } from "../grace.js";
import { type AttemptFailed, attempt } from "./attempt.js";
import type { ResolvedConnectOptions } from "./connect-options.js";
import type { Emitter, HostConnection } from "./host-connection.js";
import { type DialEnd, RedialPolicy } from "./redial.js";

const CALL_TIMEOUT_MS = 60_000;

/** What a dialler meets the world with. */
export interface DiallerWorld {
  readonly clock: Clock;
  readonly tracing: Tracing | undefined;
  random(): number;
  dial(signal: AbortSignal): Promise<Channel>;
}

const HEARTBEAT = { intervalMs: 10_000, timeoutMs: 5_000 };

/** Dials a host, and dials it again when it was cut off, until it is told to stop or it is of no use. */
export class Dialler {
  readonly emitter: Emitter;
  readonly ended: Promise<CloseReason>;
  readonly #options: ResolvedConnectOptions;
  readonly #world: DiallerWorld;
  readonly #policy: RedialPolicy;
  readonly #stop = new AbortController();
  readonly #ended = deferred<CloseReason>();
  readonly #first = deferred<HostConnection>();
  /** The connection that is open. */
  #current: DialledConnection | undefined;

  constructor(options: ResolvedConnectOptions, world: DiallerWorld) {
    this.#options = options;
    this.#world = world;
    this.#policy = new RedialPolicy(options.redial, () => world.random());
    this.ended = this.#ended.promise;
    this.emitter = Object.freeze({ dispense: <T extends Topics>(topics: T) => this.#busOf(topics) });
  }

  /** Dials. Resolves with the first connection that is ready; rejects where there will be none. */
  async start(): Promise<HostConnection> {
    const { signal } = this.#options;
    signal?.throwIfAborted();
    const onAbort = (): void => {
      this.#first.reject(signal?.reason);
      this.stop();
    };
    if (signal !== undefined) {
      addAbortTask(signal, onAbort);
      void this.ended.then(() => removeAbortTask(signal, onAbort));
    }
    void this.#run();
    return this.#first.promise;
  }

  /** Ends the connection that is open, and dials no more. Idempotent. */
  stop(): void {
    this.#stop.abort(new PluginError("CONNECTION_CLOSED", "This plugin closed its connection to the host"));
    void this.#current?.end();
  }

  async #run(): Promise<void> {
    for (;;) {
      const { end, reason, error, aliveMs } = await this.#once();
      const delayMs = this.#stop.signal.aborted ? undefined : this.#policy.next(end, aliveMs);
      if (delayMs === undefined) {
        this.#first.reject(error ?? (reason.kind === "lost" ? reason.error : undefined));
        if (!this.#stop.signal.aborted) this.#options.logger.error(`${this.#account(reason)}; it is not dialled again`);
        return this.#ended.resolve(reason);
      }
      this.#options.logger.warn(`${this.#account(reason)}; it is dialled again in ${Math.round(delayMs)} ms`);
      await this.#pause(delayMs);
    }
  }

  /** One try, and the connection that came of it to its end. */
  async #once(): Promise<{ end: DialEnd; reason: CloseReason; error?: unknown; aliveMs: number }> {
    const { clock } = this.#world;
    let connection: DialledConnection;
    try {
      connection = await this.#attempt();
    } catch (failure) {
      const { end, error } = failure as AttemptFailed;
      return { end, error, aliveMs: 0, reason: { kind: "lost", error: asPluginError(error) } };
    }
    if (this.#stop.signal.aborted) void connection.end();
    this.#current = connection;
    connection.watch(clock);
    const readyAt = clock.now();
    this.#options.logger.debug(`Connected to the host at ${this.#options.shownUrl}`);
    this.#first.resolve(connection);
    const reason = await connection.closed;
    this.#current = undefined;
    return { reason, aliveMs: clock.now() - readyAt, end: { kind: "closed", code: "code" in reason ? reason.code : undefined } };
  }

  #attempt(): Promise<DialledConnection> {
    const { clock, dial } = this.#world;
    const { signal } = this.#stop;
    return attempt({ options: this.#options, clock, signal, dial, connect: (channel) => this.#connect(channel) });
  }

  #connect(channel: Channel): DialledConnection {
    const { limits, logger, validate, values, id } = this.#options;
    const { clock, tracing } = this.#world;
    const shared = { limits, logger, validate, values, clock, tracing, callTimeoutMs: CALL_TIMEOUT_MS };
    return new DialledConnection(channel, { ...shared, plugin: id, other: "the host" }, this);
  }

  #account(reason: CloseReason): string {
    const { id, shownUrl } = this.#options;
    if (reason.kind === "lost" && reason.error.message.startsWith("Cannot connect"))
      return reason.error.message.split("\n", 1)[0] as string;
    const how =
      reason.kind === "closed" && reason.by === "us" ? "was closed" : "code" in reason ? `was closed with ${reason.code}` : "is lost";
    return `The connection of plugin "${id}" to ${shownUrl} ${how}`;
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    return new Promise((resolve) => {
      const cancel = this.#world.clock.afterHolding(ms, () => {
        removeAbortTask(signal, done);
        resolve();
      });
      const done = (): void => {
        cancel();
        resolve();
      };
      if (signal.aborted) done();
      else addAbortTask(signal, done);
    });
  }

  #busOf<T extends Topics>(topics: T): RemoteBus<T> {
    return remoteBus(topics, {
      validate: this.#options.validate,
      patience: { clock: this.#world.clock, timeoutMs: CALL_TIMEOUT_MS, over: () => this.#stop.signal },
      other: "the host",
      call: (method, message, options) => {
        const peer = this.#current?.peer;
        if (peer?.open) return peer.call(method, message, options);
        const why = this.#stop.signal.aborted ? "its connection was closed" : "no connection is open; it is dialled again";
        return Promise.reject(new PluginError("NOT_SENT", `Cannot tell the host of "${message.topic}": ${why}`));
      },
    });
  }
}

class DialledConnection extends PeerConnection implements HostConnection {
  readonly #dialler: Dialler;

  constructor(channel: Channel, options: PeerOptions, dialler: Dialler) {
    super(channel, options);
    this.#dialler = dialler;
    const { peer } = this;
    peer.reserved.set(SHUTDOWN, async (params) => {
      await peer.drain(graceOf(params));
      return {};
    });
  }

  /** Finds out that the host has gone without a word. Not before it was taken in: a ping would be out of order. */
  watch(clock: Clock): void {
    const { peer } = this;
    const heartbeat = new Heartbeat(vitalsOf(this), {
      ...HEARTBEAT,
      clock,
      onStall: () => {},
      onFrozen: (ms) => {
        const error = new PluginError("CONNECTION_LOST", `the host did not answer a ping in ${Math.round(ms)} ms`);
        void peer.close({ kind: "lost", error });
      },
    });
    void this.closed.then(() => heartbeat.stop());
  }

  get emitter(): Emitter {
    return this.#dialler.emitter;
  }

  get ended(): Promise<CloseReason> {
    return this.#dialler.ended;
  }

  /** Of this connection alone. */
  end(): Promise<CloseReason> {
    return super.close();
  }

  override async close(): Promise<CloseReason> {
    this.#dialler.stop();
    return this.end();
  }
}

function asPluginError(error: unknown): PluginError {
  if (error instanceof PluginError) return error;
  return new PluginError("CONNECTION_LOST", (error as Error | undefined)?.message ?? String(error), { cause: error });
}
