import type { CallOptions } from "../../contract/views.js";
import type { CallTarget, Transform } from "../../peer/calls/call-target.js";
import type { Peer } from "../../peer/peer.js";
import type { OpenedStream } from "../../peer/streams/opened-stream.js";

/** Several processes of one plugin: each call goes to the one with the fewest in flight. */
export class LeastBusy implements CallTarget {
  readonly #peers: readonly Peer[];
  /** Where the search begins: among those that are equally idle they take turns. */
  #next = 0;

  constructor(peers: readonly Peer[]) {
    this.#peers = peers;
  }

  get takesCalls(): boolean {
    return this.#peers.some(({ takesCalls }) => takesCalls);
  }

  call(method: string, input: unknown, options: CallOptions | undefined, accept?: Transform): Promise<unknown> {
    return this.#pick().call(method, input, options, accept);
  }

  notify(method: string, input: unknown, options: CallOptions | undefined): Promise<void> {
    return this.#pick().notify(method, input, options);
  }

  openStream(
    method: string,
    input: unknown,
    options: CallOptions,
    accept: Transform | undefined,
    onEnd: () => void,
  ): Promise<OpenedStream> {
    const target: CallTarget = this.#pick();
    return target.openStream(method, input, options, accept, onEnd);
  }

  #pick(): Peer {
    const count = this.#peers.length;
    this.#next = (this.#next + 1) % count;
    let best = this.#peers[this.#next] as Peer;
    for (let step = 1; step < count; step++) {
      const peer = this.#peers[(this.#next + step) % count] as Peer;
      if (peer.takesCalls && (!best.takesCalls || peer.pending + peer.openStreams < best.pending + best.openStreams)) best = peer;
    }
    return best;
  }
}
