import type { CallOptions } from "../../contract/views.js";
import type { CallTarget, Transform } from "../../peer/calls/call-target.js";
import { SwitchableTarget } from "../../peer/calls/switchable-target.js";
import type { Peer } from "../../peer/peer.js";
import type { OpenedStream } from "../../peer/streams/opened-stream.js";
import type { Clock } from "../../util/clock.js";
import { LeastBusy } from "./least-busy.js";

/** What a handle needs to know of the session that it belongs to. */
export interface HandleOptions {
  readonly clock: Clock;
  readonly callTimeoutMs: number;
  /** How many calls may wait for a process at a time. */
  readonly maxPendingCalls: number;
  /** Starts a plugin that sleeps. True if it is one that does: then a call waits for it within its own deadline. */
  wake(): boolean;
}

/**
 * Where the calls of a session go: to the process that serves it now, the one with the fewest calls in flight where there are several.
 * It outlives them all. A call that was sent is its process's; one that was not may wait for the next.
 */
export class Handle implements CallTarget {
  readonly #options: HandleOptions;
  readonly #target: SwitchableTarget;
  #isServed = false;
  /** Something was placed since that was last asked. */
  #used = false;

  constructor(options: HandleOptions) {
    this.#options = options;
    this.#target = new SwitchableTarget({ ...options, why: "its plugin was not started" });
  }

  get takesCalls(): boolean {
    return this.#target.takesCalls;
  }

  /** Calls go to one of these from now on. Those that wait go at once, in the order in which they were placed. */
  serve(peers: readonly Peer[]): void {
    const [only] = peers;
    this.#isServed = only !== undefined;
    if (only !== undefined) this.#target.switchTo(peers.length === 1 ? only : new LeastBusy(peers));
  }

  /** No process is there. @param why The end of the sentence that a refused call gets. */
  rest(why: string): void {
    if (!this.#isServed) this.#target.switchOff(why);
  }

  /** No process is to be expected: what waits is told so. @param why As above. */
  giveUp(why: string): void {
    if (!this.#isServed) this.#target.giveUp(why);
  }

  /** Was anything placed since the last time this was asked? */
  takeUse(): boolean {
    const used = this.#used;
    this.#used = false;
    return used;
  }

  /** An event for the plugin is a use of it, too. */
  use(): void {
    this.#used = true;
  }

  call(method: string, input: unknown, options: CallOptions | undefined, accept?: Transform): Promise<unknown> {
    this.#used = true;
    return this.#target.call(method, input, this.#isServed ? options : this.#patient(options), accept);
  }

  notify(method: string, input: unknown, options: CallOptions | undefined): Promise<void> {
    this.#used = true;
    return this.#target.notify(method, input, this.#isServed ? options : this.#patient(options));
  }

  openStream(
    method: string,
    input: unknown,
    options: CallOptions,
    accept: Transform | undefined,
    onEnd: () => void,
  ): Promise<OpenedStream> {
    this.#used = true;
    return this.#target.openStream(method, input, (this.#isServed ? options : this.#patient(options)) ?? {}, accept, onEnd);
  }

  /** A call of a plugin that sleeps waits for it, whether it says so or not. */
  #patient(options: CallOptions | undefined): CallOptions | undefined {
    if (!this.#options.wake() || options?.waitReadyMs !== undefined) return options;
    return { ...options, waitReadyMs: options?.timeoutMs ?? this.#options.callTimeoutMs };
  }
}
