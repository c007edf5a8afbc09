import type { CallOptions } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import type { Accept } from "../../peer/calls/caller.js";
import type { RemoteSource } from "../../peer/calls/remote.js";
import type { Peer } from "../../peer/peer.js";
import type { StreamReader } from "../../peer/streams/stream-reader.js";
import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";

/** What a handle needs to know of the session that it belongs to. */
export interface HandleOptions {
  readonly pluginId: string;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly validate: boolean;
  /** Why no process answers now, as the end of a sentence. */
  why(): string;
  /** Starts what sleeps. True if something is on its way that was not asked for by name: a call waits for it within its own deadline. */
  wake(): boolean;
}

interface Waiting {
  go(peer: Peer): void;
  fail(): void;
}

/**
 * Where the calls of a session go: to the process that serves it now, the one with the fewest calls in flight where there are several.
 * It outlives them all. A call that was sent is its process's; one that was not may wait for the next.
 */
export class Handle implements RemoteSource {
  readonly validate: boolean;
  readonly plugin: string;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  readonly #options: HandleOptions;
  #peers: readonly Peer[] = [];
  /** The only one, most often. */
  #peer: Peer | undefined;
  readonly #waiting = new Set<Waiting>();
  /** Something was placed since that was last asked. */
  #used = false;

  constructor(options: HandleOptions) {
    this.#options = options;
    this.validate = options.validate;
    this.plugin = options.pluginId;
    this.clock = options.clock;
    this.callTimeoutMs = options.callTimeoutMs;
  }

  /** Calls go to one of these from now on. Those that wait go at once, in the order in which they were placed. */
  serve(peers: readonly Peer[]): void {
    this.#peers = peers;
    this.#peer = peers.length === 1 ? peers[0] : undefined;
    if (peers.length === 0) return;
    for (const waiting of [...this.#waiting]) waiting.go(this.#pick() as Peer);
  }

  /** No process is to be expected: what waits is told so. */
  refuseWaiting(): void {
    for (const waiting of [...this.#waiting]) waiting.fail();
  }

  /** Was anything placed since the last time this was asked? */
  takeUse(): boolean {
    const used = this.#used || this.#waiting.size > 0;
    this.#used = false;
    return used;
  }

  /** An event for the plugin is a use of it, too. */
  use(): void {
    this.#used = true;
  }

  call(method: string, input: unknown, options: CallOptions | undefined, accept?: Accept): Promise<unknown> {
    this.#used = true;
    const peer = this.#peer ?? this.#pick();
    if (peer !== undefined) return peer.call(method, input, options, accept);
    return this.#later(method, options, (later, rest) => later.call(method, input, rest, accept));
  }

  notify(method: string, input: unknown, options: CallOptions | undefined): Promise<void> {
    this.#used = true;
    const peer = this.#peer ?? this.#pick();
    if (peer !== undefined) return peer.notify(method, input, options);
    return this.#later(method, options, (later, rest) => later.notify(method, input, rest));
  }

  openStream(
    method: string,
    input: unknown,
    options: CallOptions,
    accept: ((item: unknown) => unknown) | undefined,
    onEnd: () => void,
  ): Promise<StreamReader> {
    this.#used = true;
    const peer = this.#peer ?? this.#pick();
    if (peer !== undefined) return peer.openStream(method, input, options, accept, onEnd);
    return this.#later(method, options, (later, rest) => later.openStream(method, input, rest, accept, onEnd));
  }

  #pick(): Peer | undefined {
    let [least] = this.#peers;
    for (const peer of this.#peers) if (peer.pending < (least as Peer).pending) least = peer;
    return least;
  }

  /** Places a call once there is a process, if that is worth waiting for. */
  #later<T>(method: string, options: CallOptions = {}, place: (peer: Peer, options: CallOptions) => Promise<T>): Promise<T> {
    const { signal, timeoutMs = this.callTimeoutMs } = options;
    const woken = this.#options.wake();
    const waitMs = Math.min(timeoutMs, options.waitReadyMs ?? (woken ? timeoutMs : 0));
    const refusal = (): PluginError => new PluginError("NOT_SENT", `Cannot call "${method}": ${this.#options.why()}`);
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      // In a macrotask: a loop that retries at once would otherwise starve every timer and socket.
      if (waitMs === 0) return this.clock.soon(() => reject(refusal()));
      const begun = this.clock.now();
      const leave = (): void => {
        this.#waiting.delete(waiting);
        stop();
        if (signal !== undefined) removeAbortTask(signal, onAbort);
      };
      const waiting: Waiting = {
        go: (peer) => {
          leave();
          const rest = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : Math.max(1, timeoutMs - (this.clock.now() - begun));
          resolve(place(peer, { ...options, timeoutMs: rest }));
        },
        fail: () => {
          leave();
          reject(refusal());
        },
      };
      const onAbort = (): void => {
        leave();
        reject(signal?.reason);
      };
      const stop = waitMs === Number.POSITIVE_INFINITY ? () => {} : this.clock.after(waitMs, waiting.fail);
      if (signal !== undefined) addAbortTask(signal, onAbort);
      this.#waiting.add(waiting);
    });
  }
}
