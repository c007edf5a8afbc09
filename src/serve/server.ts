import { PluginError } from "../errors.js";
import type { PluginEnv } from "../handshake/env.js";
import { type Info, welcome } from "../handshake/hello.js";
import { announcedVersion } from "../handshake/version.js";
import { PeerConnection } from "../peer/connection.js";
import { type Listener, listen, MOST_STRANGERS } from "../transport/listen.js";
import { systemClock } from "../util/clock.js";
import { deferred } from "../util/deferred.js";
import type { Channel } from "../wire/channel.js";
import { SHUTDOWN } from "../wire/messages.js";
import type { ResolvedServeOptions } from "./options.js";

export interface ServerOptions extends ResolvedServeOptions {
  readonly env: PluginEnv;
  readonly info: Info;
}

/** A listener with implementations behind it; knows nothing of the process around it. */
export interface PluginServer {
  readonly apiVersion: number;
  readonly address: Listener["address"];
  readonly protocol: Listener["protocol"];
  /** Resolves once a host said to stop and has its answer, with what is left of the grace period, in ms. Never rejects. */
  readonly stopped: Promise<number>;
  /** Ends it at once, handlers included. Idempotent. */
  close(): Promise<void>;
}

const DEFAULT_GRACE_MS = 2_000;
// A call that never ends must not cost the plugin its clean-up: that share of the grace period is for those that run.
const DRAIN_SHARE = 3 / 4;

/** Starts listening. Any number of connections may prove the secret; losing one ends neither the others nor the server. */
export async function startServer(options: ServerOptions): Promise<PluginServer> {
  const { env, limits } = options;
  const visitors = new Visitors(options);
  const listener = await listen({
    transport: env.transport,
    minPort: env.minPort,
    maxPort: env.maxPort,
    unixSocketDir: env.unixSocketDir,
    limits,
    onChannel: (channel) => visitors.receive(channel),
  });
  return {
    apiVersion: announcedVersion([...options.provides.keys()], env.apiVersions),
    address: listener.address,
    protocol: listener.protocol,
    stopped: visitors.stopped,
    async close() {
      await Promise.all([listener.close(), visitors.closeAll()]);
    },
  };
}

/** The connections of one server: strangers until they have proven the secret, hosts afterwards. */
class Visitors {
  readonly #options: ServerOptions;
  readonly #strangers = new Set<PeerConnection>();
  readonly #hosts = new Set<PeerConnection>();
  readonly #stopped = deferred<number>();
  readonly stopped: Promise<number> = this.#stopped.promise;
  #stopping = false;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  receive(channel: Channel): void {
    const { limits, logger, env, provides, configure, info } = this.#options;
    const options = { limits, logger, clock: systemClock, validate: true, callTimeoutMs: 60_000, other: "the host" };
    const connection = new PeerConnection(channel, options);
    this.#strangers.add(connection);
    // In all, not since the last byte: a drip would last for ever.
    const stopTimer = systemClock.after(limits.helloTimeoutMs, () =>
      this.#turnAway(connection, `it had not proven itself after ${limits.helloTimeoutMs} ms`),
    );
    void connection.closed.then(() => {
      stopTimer();
      this.#strangers.delete(connection);
      this.#hosts.delete(connection);
    });
    welcome(connection, {
      secret: env.secret,
      provides,
      configure,
      info,
      onProven: () => {
        stopTimer();
        this.#strangers.delete(connection);
        this.#hosts.add(connection);
        connection.peer.reserved.set(SHUTDOWN, (params) => this.#shutdown(params));
      },
    });
    if (this.#strangers.size <= MOST_STRANGERS) return;
    for (const oldest of this.#strangers) return this.#turnAway(oldest, "others wait behind it");
  }

  #turnAway(connection: PeerConnection, why: string): void {
    const error = new PluginError("UNAUTHORIZED", `Closed a connection: ${why}`);
    void connection.peer.close({ kind: "lost", error }, 1008, why);
  }

  async #shutdown(params: unknown): Promise<object> {
    const asked = (params as { graceMs?: unknown } | undefined)?.graceMs;
    const graceMs = typeof asked === "number" && asked >= 0 ? asked : DEFAULT_GRACE_MS;
    const begun = systemClock.now();
    await Promise.all([...this.#hosts].map((connection) => connection.peer.drain(graceMs * DRAIN_SHARE)));
    if (!this.#stopping) {
      this.#stopping = true;
      // After the answer to this very request.
      systemClock.soon(() => this.#stopped.resolve(Math.max(0, graceMs - (systemClock.now() - begun))));
    }
    return {};
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#strangers, ...this.#hosts].map((connection) => connection.close()));
  }
}
