import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { isThenable } from "../util/thenable.js";
import type { Channel } from "../wire/channel.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { UnauthenticatedConnections } from "./unauthenticated-connections.js";
import { answerRefused, chooseProtocol, refusalOf, type UpgradePolicy, type UpgradeRefusal } from "./upgrade-policy.js";
import { webSocketChannel, webSocketOptions } from "./websocket.js";

export interface UpgradesOptions {
  readonly limits: ResolvedLimits;
  /** @default all requests but those with an Origin */
  readonly policy?: UpgradePolicy | undefined;
  /** How many connections at one time may not have proven themselves; at one more the oldest is closed. @default 64 */
  readonly maxUnauthenticated?: number | undefined;
  onChannel(channel: Channel, request: IncomingMessage): void;
}

/**
 * Makes channels of the upgrade requests of an HTTP server, an application's own too:
 * `server.on("upgrade", (request, socket, head) => upgrades.handleUpgrade(request, socket, head))`.
 */
export class Upgrades {
  readonly #options: UpgradesOptions;
  readonly #policy: UpgradePolicy;
  readonly #webSockets: WebSocketServer;
  readonly #unauthenticated: UnauthenticatedConnections;
  #closed = false;

  constructor(options: UpgradesOptions) {
    const { limits, policy = {}, maxUnauthenticated } = options;
    this.#options = options;
    this.#policy = policy;
    this.#unauthenticated = new UnauthenticatedConnections(limits.helloTimeoutMs, maxUnauthenticated);
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      handleProtocols: (offered) => chooseProtocol(offered, policy.protocols),
      ...webSocketOptions(limits.maxMessageBytes),
    });
  }

  /** Connections at this moment that have not proven themselves. */
  get unauthenticatedCount(): number {
    return this.#unauthenticated.count;
  }

  /** Counts a connection from its first byte on. On an application's own server, which does not call this, it is counted from the request on. */
  accept(socket: Duplex): void {
    this.#unauthenticated.accept(socket);
  }

  /**
   * Answers an upgrade request: by a channel, or by what the policy refuses it with.
   * @param counted The socket that accept() was told of, where that is another one, as below TLS.
   */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, counted: Duplex = socket): void {
    // Without this listener a reset ends the process.
    socket.on("error", () => socket.destroy());
    if (this.#closed) return this.#refuse(socket, { status: 503 });
    this.#unauthenticated.accept(counted);
    const refusal = this.#refusalOf(request);
    if (!isThenable(refusal)) return this.#decide(refusal, request, socket, head, counted);
    refusal.then(
      (later) => this.#decide(later, request, socket, head, counted),
      () => this.#refuse(socket, { status: 500 }),
    );
  }

  /** Takes no more connections; those that have proven themselves live on. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#unauthenticated.turnAllAway();
  }

  #refusalOf(request: IncomingMessage): ReturnType<typeof refusalOf> {
    try {
      return refusalOf(request, this.#policy);
    } catch {
      // The policy's own function threw.
      return { status: 500 };
    }
  }

  #decide(refusal: UpgradeRefusal | undefined, request: IncomingMessage, socket: Duplex, head: Buffer, counted: Duplex): void {
    if (socket.destroyed) return;
    if (refusal !== undefined) return this.#refuse(socket, refusal);
    if (this.#closed) return this.#refuse(socket, { status: 503 });
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { limits, onChannel } = this.#options;
      const onAllowed = (): void => this.#unauthenticated.release(counted);
      // Node.js's servers have sockets of these kinds alone.
      const channel = webSocketChannel(webSocket, socket as Socket, { stallTimeoutMs: limits.stallTimeoutMs, onAllowed });
      this.#unauthenticated.add(counted, (why) => channel.close(1008, why));
      onChannel(channel, request);
    });
  }

  #refuse(socket: Duplex, refusal: UpgradeRefusal): void {
    try {
      answerRefused(socket, refusal);
    } catch {
      // Headers that cannot be sent.
      answerRefused(socket, { status: 500 });
    }
  }
}
