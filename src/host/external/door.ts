import type { IncomingMessage } from "node:http";
import { basename } from "node:path";
import type { Duplex } from "node:stream";
import { ConflictError, PluginError } from "../../errors.js";
import type { Info } from "../../handshake/hello.js";
import { takeIn } from "../../handshake/take-in.js";
import { loadTracing } from "../../handshake/trace-context.js";
import { PeerConnection } from "../../peer/connection.js";
import { listen } from "../../transport/listen.js";
import type { Listener } from "../../transport/listener.js";
import type { Upgrades } from "../../transport/upgrades.js";
import { formatAddress } from "../../util/address.js";
import { FloodGate } from "../../util/flood-gate.js";
import type { Channel } from "../../wire/channel.js";
import { Admission, type AdmissionRules } from "./admission.js";
import { CallerSide, type SharedOptions } from "./caller-side.js";
import { bearerOf, doorPolicy, namesOfLoopback } from "./door-policy.js";
import type { Externals } from "./externals.js";
import { Failures } from "./failures.js";
import type { ResolvedListen } from "./listen-options.js";
import { portOwner } from "./port-owner.js";
import type { TokenStore } from "./tokens.js";
import { WaitingRoom } from "./waiting-room.js";

export interface DoorOptions extends Omit<SharedOptions, "tracing"> {
  readonly listen: ResolvedListen;
  readonly externals: Externals;
  readonly tokens: TokenStore | undefined;
  readonly app: Info | undefined;
}

// Sockets that have not even asked for a WebSocket: the oldest goes when there are more.
const MOST_UNAUTHENTICATED = 512;
const READY_MS = 60_000;

/** Where plugins come in that somebody else runs: by its own listener, by the application's server, or handed over as channels. */
export class Door {
  readonly #options: DoorOptions;
  readonly #rules: AdmissionRules;
  readonly #failures: Failures;
  readonly #room: WaitingRoom;
  /** Connections that are being taken in, or have been. */
  readonly #connections = new Set<PeerConnection>();
  #shared: SharedOptions | undefined;
  #listener: Promise<Listener> | undefined;
  #upgrades: Promise<Upgrades> | undefined;
  #closed = false;

  constructor(options: DoorOptions) {
    const { clock, externals, tokens, logger, listen: resolved } = options;
    this.#options = options;
    this.#failures = new Failures(clock);
    this.#room = new WaitingRoom(clock);
    const { allowUnknown, exposeErrors } = resolved;
    const gate = new FloodGate(clock, (count) => logger.warn(`Refused ${count} more programs that dialled in`));
    const said = {
      warn: (sentence: string) => void (gate.admit() && logger.warn(sentence)),
      error: (sentence: string, fields?: Readonly<Record<string, unknown>>) => void (gate.admit() && logger.error(sentence, fields)),
    };
    this.#rules = { externals, failures: this.#failures, tokens, allowUnknown, exposeErrors, logger: said };
  }

  /** Listens, and resolves with the URL. Idempotent. @throws {PluginError} `CONFLICT`, with who has the port. */
  async open(): Promise<string> {
    this.#listener ??= this.#listen().catch((error: unknown) => {
      // Another try may find the port free.
      this.#listener = undefined;
      throw error;
    });
    const { address } = await this.#listener;
    return `${this.#options.listen.tls === undefined ? "ws" : "wss"}://${formatAddress(address)}`;
  }

  /** Takes a plugin in by a request on the application's own server. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until what it takes is loaded a reset must not end the process.
    socket.on("error", () => socket.destroy());
    this.#upgrades ??= this.#newUpgrades();
    this.#upgrades.then(
      (upgrades) => upgrades.handleUpgrade(request, socket, head),
      () => socket.destroy(),
    );
  }

  /**
   * Takes a plugin in by a channel whose other side the application has found to be that plugin. Resolves once it is ready.
   * @throws {PluginError} Why it was not taken in.
   */
  async connect(id: string, channel: Channel): Promise<void> {
    await this.#load();
    const sentence = `Cannot connect plugin "${id}"`;
    try {
      await this.#receive(channel, undefined, id);
    } catch (error) {
      if (error instanceof PluginError) throw new PluginError(error.code, `${sentence}: ${error.message}`, { cause: error });
      throw new PluginError("BAD_HANDSHAKE", `${sentence}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Takes nobody in any more. Those that are in stay. */
  async shut(): Promise<void> {
    this.#closed = true;
    (await this.#upgrades)?.close();
    // Resolves once its last socket is gone: not waited for.
    const listener = await this.#listener?.catch(() => undefined);
    void listener?.close();
  }

  /** Ends what is left: connections that were not taken in. Resolves when the port is free. */
  async close(): Promise<void> {
    await this.shut();
    await Promise.all([...this.#connections].map(({ peer }) => peer.close(undefined, 1001, "the host is stopping")));
    await (await this.#listener?.catch(() => undefined))?.close();
  }

  async #listen(): Promise<Listener> {
    const { limits, listen: wanted } = this.#options;
    const { host, port, backlog, tls } = wanted;
    await this.#load();
    const policy = doorPolicy({
      listen: wanted,
      hosts: namesOfLoopback(host),
      room: this.#room,
      failures: this.#failures,
      isClosed: () => this.#closed,
    });
    try {
      // Before anybody connects: what cannot be used would be thrown then, where nobody catches it.
      if (tls !== undefined) (await import("../../transport/tls.js")).checkContext(tls);
      return await listen({
        transport: "websocket",
        host,
        minPort: port,
        maxPort: port,
        unixSocketDir: undefined,
        limits,
        backlog,
        tls: tls && { context: tls, pinned: undefined },
        upgrades: policy,
        maxUnauthenticated: MOST_UNAUTHENTICATED,
        onChannel: (channel, request) => this.#let(channel, request),
      });
    } catch (cause) {
      throw cannotListen(host, port, cause as NodeJS.ErrnoException);
    }
  }

  async #newUpgrades(): Promise<Upgrades> {
    const { limits, listen: wanted } = this.#options;
    await this.#load();
    const { Upgrades: Taking } = await import("../../transport/upgrades.js");
    const policy = doorPolicy({ listen: wanted, room: this.#room, failures: this.#failures, isClosed: () => this.#closed });
    return new Taking({
      limits,
      policy,
      maxUnauthenticated: MOST_UNAUTHENTICATED,
      onChannel: (channel, request) => this.#let(channel, request),
    });
  }

  async #load(): Promise<void> {
    const { limits, clock, logger, callTimeoutMs } = this.#options;
    this.#shared ??= { limits, clock, logger, callTimeoutMs, tracing: await loadTracing() };
  }

  #let(channel: Channel, request: IncomingMessage | undefined): void {
    this.#receive(channel, request, undefined).catch((error: Error) => {
      this.#options.logger.debug(`A program that dialled in was not taken in: ${error.message}`);
    });
  }

  async #receive(channel: Channel, request: IncomingMessage | undefined, vouchedFor: string | undefined): Promise<void> {
    const { clock, limits, externals, app } = this.#options;
    const side = new CallerSide(this.#shared as SharedOptions);
    const connection = new PeerConnection(channel, side);
    const waiting = { turnAway: () => void connection.peer.close(undefined, 1013, "newer connections wait behind it") };
    this.#connections.add(connection);
    this.#room.enter(waiting);
    void connection.closed.then(() => {
      this.#connections.delete(connection);
      this.#room.leave(waiting);
    });
    const admission = new Admission(this.#rules, connection, side, vouchedFor);
    let admitted: string | undefined;
    const taken = takeIn(connection, {
      keeper: {
        lookUp: (claim) => admission.lookUp(claim),
        unauthorized: (claim) => admission.unauthorized(claim),
        fault: (error) => admission.fault(error),
        admit: (claim) => {
          this.#room.leave(waiting);
          admitted = claim.id;
          return admission.admit(claim);
        },
      },
      clock,
      bearer: bearerOf(request),
      info: app ?? { name: basename(process.argv[1] ?? "host") },
      helloTimeoutMs: limits.helloTimeoutMs,
      readyTimeoutMs: READY_MS,
      onReady: ({ id }) => externals.find(id)?.seat.take(connection),
    });
    await taken.catch((error: unknown) => {
      if (admitted !== undefined && error instanceof PluginError) this.#tellFailed(admitted, error);
      throw error;
    });
  }

  /** It had shown who it is, and did not become ready: its own fault, and to be seen where it is awaited. */
  #tellFailed(id: string, cause: PluginError): void {
    const error = new PluginError(cause.code, `Cannot take in plugin "${id}": ${cause.message}`, { cause });
    this.#options.externals.find(id)?.seat.failed(error);
    this.#rules.logger.warn(error.message);
  }
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): PluginError {
  const attempt = "Cannot listen for plugins that dial in";
  if (cause.code !== "EADDRINUSE") {
    return new PluginError("UNREACHABLE", `${attempt}: ${host}:${port} cannot be listened on: ${cause.message}`, { cause });
  }
  const owner = portOwner(port);
  const remedy = "Give another one as listen.port, 0 for any, or listen: false.";
  return new ConflictError(
    `${attempt}: port ${port} of ${host} is taken${owner === undefined ? "" : ` by ${owner}`}\n  ${remedy}`,
    owner ?? "unknown",
    {
      cause,
    },
  );
}
