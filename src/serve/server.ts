import type { PluginEnv } from "../handshake/env.js";
import { type Info, welcome } from "../handshake/hello.js";
import { loadTracing } from "../handshake/trace-context.js";
import { announcedVersion } from "../handshake/version.js";
import { PeerConnection } from "../peer/connection.js";
import type { Tracing } from "../peer/tracing.js";
import { listen } from "../transport/listen.js";
import type { Listener } from "../transport/listener.js";
import { systemClock } from "../util/clock.js";
import { deferred } from "../util/deferred.js";
import type { Channel } from "../wire/channel.js";
import { SHUTDOWN } from "../wire/messages.js";
import { cleanUpOf, graceOf } from "./grace.js";
import type { ResolvedServeOptions } from "./options.js";
import type { TlsIdentity } from "./tls-identity.js";

export interface ServerOptions extends ResolvedServeOptions {
  readonly env: PluginEnv;
  readonly info: Info;
}

/** A listener with implementations behind it; knows nothing of the process around it. */
export interface PluginServer {
  readonly apiVersion: number;
  readonly address: Listener["address"];
  readonly protocol: Listener["protocol"];
  /** For the announcement, where TLS is spoken. */
  readonly cert: string | undefined;
  /** Resolves once it was told to stop and the calls that ran have ended, with the time for a clean-up, in ms. Never rejects. */
  readonly stopped: Promise<number>;
  /**
   * Takes no more calls, and lets those that run finish, for at most `graceMs`: what a host asks for that says to stop. Nothing where that
   * has been asked for already. Never rejects.
   */
  stop(graceMs: number): Promise<void>;
  /** Ends it at once, handlers included. Idempotent. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";

/** Starts listening. Any number of connections may prove the secret; losing one ends neither the others nor the server. */
export async function startServer(options: ServerOptions): Promise<PluginServer> {
  const { env, limits } = options;
  const visitors = new Visitors(options, await loadTracing());
  const identity = await tlsIdentity(options);
  const listener = await listen({
    transport: env.transport,
    // A host dials loopback alone, and nothing else has business here.
    host: LOOPBACK,
    minPort: env.minPort,
    maxPort: env.maxPort,
    unixSocketDir: env.unixSocketDir,
    limits,
    tls: identity?.tls,
    onChannel: (channel) => visitors.receive(channel),
  });
  return {
    apiVersion: announcedVersion([...options.provides.keys()], env.apiVersions),
    address: listener.address,
    protocol: listener.protocol,
    cert: identity?.cert,
    stopped: visitors.stopped,
    stop: (graceMs) => visitors.stop(graceMs),
    async close() {
      await Promise.all([listener.close(), visitors.closeAll()]);
    },
  };
}

// What TLS needs costs a start, and most have none.
async function tlsIdentity({ env: { clientCert }, tls }: ServerOptions): Promise<TlsIdentity | undefined> {
  if (clientCert === undefined && tls === undefined) return undefined;
  const { makeTlsIdentity } = await import("./tls-identity.js");
  return makeTlsIdentity(clientCert, tls);
}

/** The connections of one server: strangers until they have proven the secret, hosts afterwards. The listener turns strangers away. */
class Visitors {
  readonly #options: ServerOptions;
  readonly #tracing: Tracing | undefined;
  readonly #unauthenticated = new Set<PeerConnection>();
  readonly #hosts = new Set<PeerConnection>();
  readonly #stopped = deferred<number>();
  readonly stopped: Promise<number> = this.#stopped.promise;
  /** Those whose time for the calls that run is not over. */
  #asking = 0;
  #stopping = false;

  constructor(options: ServerOptions, tracing: Tracing | undefined) {
    this.#options = options;
    this.#tracing = tracing;
  }

  receive(channel: Channel): void {
    const { limits, logger, validate, values, env, provides, configure, health, info } = this.#options;
    const shared = { limits, logger, validate, values, clock: systemClock, plugin: info.name, tracing: this.#tracing };
    const connection = new PeerConnection(channel, { ...shared, callTimeoutMs: 60_000, other: "the host" });
    this.#unauthenticated.add(connection);
    void connection.closed.then(() => {
      this.#unauthenticated.delete(connection);
      this.#hosts.delete(connection);
    });
    welcome(connection, {
      secret: env.secret,
      provides,
      configure,
      health,
      info,
      onProven: () => {
        this.#unauthenticated.delete(connection);
        this.#hosts.add(connection);
        if (this.#stopping) void connection.peer.drain(0);
        connection.peer.reserved.set(SHUTDOWN, (params) => this.#shutdown(params));
      },
    });
  }

  async #shutdown(params: unknown): Promise<object> {
    await this.#finishCalls(graceOf(params));
    return {};
  }

  async stop(graceMs: number): Promise<void> {
    if (!this.#stopping) await this.#finishCalls(graceMs);
  }

  async #finishCalls(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#asking++;
    const begun = systemClock.now();
    await Promise.all([...this.#hosts].map((connection) => connection.peer.drain(graceMs)));
    // Somebody else has given more time.
    if (--this.#asking > 0) return;
    const cleanUpMs = cleanUpOf(graceMs, systemClock.now() - begun);
    // After the answer to the request for it.
    systemClock.soon(() => this.#stopped.resolve(cleanUpMs));
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#unauthenticated, ...this.#hosts].map((connection) => connection.close()));
  }
}
