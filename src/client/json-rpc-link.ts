import { basename } from "node:path";
import { greet } from "../handshake/greet.js";
import { loadTracing } from "../handshake/trace-context.js";
import type { CallTarget } from "../peer/calls/call-target.js";
import { PeerConnection } from "../peer/connection.js";
import type { CloseReason } from "../peer/errors/close-reason.js";
import type { Watched } from "../peer/heartbeat.js";
import type { PeerOptions } from "../peer/peer-options.js";
import { ProgramHold } from "../peer/program-hold.js";
import { vitalsOf } from "../peer/vitals.js";
import { type Clock, systemClock } from "../util/clock.js";
import type { Channel } from "../wire/channel.js";
import { SHUTDOWN } from "../wire/messages.js";
import type { LinkRequest, PluginLink, UnprovenLink } from "./plugin-link.js";
import { dialWithRetry } from "./start/dial-retry.js";

/** A plugin that speaks JSON-RPC, as docs/protocol.md has it. */
export class JsonRpcLink extends PeerConnection implements PluginLink {
  readonly vitals: Watched;
  readonly #clock: Clock;

  readonly #hold: ProgramHold;

  constructor(channel: Channel, options: PeerOptions) {
    const hold = new ProgramHold(options.clock, false);
    super(channel, { ...options, hold });
    this.#hold = hold;
    this.#clock = options.clock;
    this.vitals = vitalsOf(this);
  }

  get isIdle(): boolean {
    return this.peer.pending + this.peer.running + this.peer.openStreams === 0;
  }

  get target(): CallTarget {
    return this.peer;
  }

  leave(why: string): void {
    this.peer.refuseCalls(why);
  }

  askToStop(graceMs: number, why: string): boolean {
    const { peer } = this;
    if (!peer.open) return false;
    const asked = peer.call(SHUTDOWN, { graceMs }, { timeoutMs: Number.POSITIVE_INFINITY });
    asked.catch(() => {}); // It may be gone before it answers, and that is what was asked for.
    peer.leave(why);
    return true;
  }

  async drain(timeoutMs: number, why: string): Promise<void> {
    const giveUpAt = this.#clock.now() + timeoutMs;
    await this.peer.finishCalls(timeoutMs, why);
    await this.peer.drain(giveUpAt - this.#clock.now());
  }

  holdProgram(holds: boolean): void {
    this.peer.holdProgram(holds);
    this.#hold.needed = !holds;
  }

  end(reason?: CloseReason): Promise<CloseReason> {
    return this.peer.close(reason);
  }
}

/** Opens a link over a socket or a WebSocket, whichever was announced. */
export async function openJsonRpcLink(request: LinkRequest): Promise<UnprovenLink> {
  const { address, protocol, tls, secret, identity, signal, explain, options } = request;
  const { limits, logger, validate, values, callTimeoutMs, shown, apiVersions, provides, config, hosted } = options;
  const tracing = await loadTracing();
  const channel = await dialWithRetry(address, protocol, { limits, signal, tls });
  const other = `plugin "${shown}"`;
  const shared = { limits, logger, validate, values, callTimeoutMs, clock: systemClock };
  const link = new JsonRpcLink(channel, { ...shared, plugin: shown, identity, authorize: hosted?.authorize, tracing, other, explain });
  hosted?.onLink(link);
  const info = hosted?.info ?? { name: basename(process.argv[1] ?? "host") };
  const { helloTimeoutMs } = limits;
  return { link, greet: (onTrust) => greet(link, { secret, apiVersions, provides, config, info, helloTimeoutMs, onTrust }) };
}
