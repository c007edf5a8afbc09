import type { Socket } from "node:net";
import type { ReadableStream, WritableStream } from "node:stream/web";
import type { WebSocket } from "ws";
import { PluginError } from "../errors.js";
import { type Clock, systemClock } from "../util/clock.js";
import { type Moves, moveState } from "../util/state.js";
import type { Connector, ConnectorChange, ConnectorMetrics, ConnectorState } from "./connector.js";
import type { ErrorEvent, OutgoingEvent, StreamEvent } from "./event.js";
import type { Link, LinkOwner } from "./link.js";
import type { ResolvedStreamOptions } from "./options/stream-options.js";
import { Changes } from "./ports/changes.js";
import { Flow } from "./stream/flow.js";
import { repeat } from "./stream/rounds.js";
import { readableOf, writableOf } from "./web-streams.js";

const MOVES: Moves<ConnectorState> = {
  initialized: ["running", "stopped"],
  running: ["paused", "draining", "stopped", "failed"],
  paused: ["running", "draining", "stopped", "failed"],
  draining: ["stopped", "failed"],
  failed: ["stopped"],
  stopped: [],
};
// Of RFC 6455, section 7.4.1: a server goes away, a client has done what it came for.
const CLOSE_CODES = { ws_server: 1001, ws_client: 1000 };

/** The life of a connector, whatever makes its connections. */
export class WebSocketConnector implements Connector, LinkOwner {
  readonly #options: ResolvedStreamOptions;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #changes = new Changes();
  readonly #flow: Flow;
  #state: ConnectorState = "initialized";
  #connectivity: Connector["connectivity"] = "disconnected";
  #error: PluginError | undefined;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #repeated: (() => void)[] = [];

  constructor(stream: ResolvedStreamOptions, link: Link, clock: Clock = systemClock) {
    const { role, shown } = link;
    this.#options = stream;
    this.#link = link;
    this.#clock = clock;
    this.#flow = new Flow({
      stream,
      role,
      shown,
      clock,
      onEnded: ({ id, textMeta }, { problem, code }) => {
        this.#changes.tell({ end: id, meta: textMeta });
        link.lost(problem ?? `it was closed with ${code}`);
      },
    });
  }

  get state(): ConnectorState {
    return this.#state;
  }

  get connectivity(): Connector["connectivity"] {
    return this.#connectivity;
  }

  get error(): PluginError | undefined {
    return this.#error;
  }

  get address(): Connector["address"] {
    if (this.#link.role === "ws_server") return this.#link.address;
    for (const { peer } of this.#flow.routes) return peer;
    return undefined;
  }

  get metrics(): ConnectorMetrics {
    const { inCount, outCount, err, routes } = this.#flow;
    return { in: inCount, out: outCount, err: err.count, err_dropped: err.dropped, streams: routes.size };
  }

  get out(): AsyncIterable<StreamEvent> {
    return this.#flow.out.events;
  }

  get err(): AsyncIterable<ErrorEvent<PluginError>> {
    return this.#flow.err.events;
  }

  get mayConnect(): boolean {
    return this.#state === "running";
  }

  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async pause(): Promise<void> {
    this.#mustBeStarted("pause");
    if (this.#state !== "running") return;
    this.#move("paused");
    this.#flow.pause("asked");
  }

  async resume(): Promise<void> {
    this.#mustBeStarted("resume");
    if (this.#state === "running") return;
    if (this.#state !== "paused") throw this.#over("resume");
    this.#move("running");
    this.#flow.resume("asked");
    await this.#connecting(() => this.#link.resume());
  }

  async drain(): Promise<void> {
    this.#mustBeStarted("drain");
    if (this.#state === "running" || this.#state === "paused") {
      this.#move("draining");
      this.#flow.takeNoMore();
    }
    await this.#flow.rest();
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  send(event: OutgoingEvent): Promise<void> {
    return this.#flow.send(event);
  }

  changes({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<ConnectorChange> {
    return this.#changes.read(signal);
  }

  readable(): ReadableStream<StreamEvent> {
    return readableOf(this.#flow.out.events, () => this.#error);
  }

  writable(): WritableStream<OutgoingEvent> {
    return writableOf(this, (error, { data }) => this.#flow.tell(error, { input: data }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  // What the link tells.

  connected(webSocket: WebSocket, socket: Socket, tls: boolean): void {
    const connection = this.#flow.attach(webSocket, socket, tls);
    if (this.#state === "paused") connection.pause("asked");
  }

  connectivityIs(connectivity: Connector["connectivity"]): void {
    if (connectivity === this.#connectivity) return;
    this.#connectivity = connectivity;
    this.#changes.tell(connectivity === "connected" ? "open" : "closed");
  }

  failed(error: PluginError): void {
    if (this.#state === "stopped" || this.#state === "failed") return;
    this.#error = error;
    this.#move("failed");
    this.#flow.tell(error);
    void this.#end();
  }

  async #start(): Promise<void> {
    if (this.#state !== "initialized") throw this.#over("start");
    this.#move("running");
    this.#repeat(this.#options.metricsIntervalMs, () => this.#changes.tell({ metrics: this.metrics }));
    this.#repeat(this.#options.pingIntervalMs, () => {
      for (const connection of this.#flow.routes) connection.checkLife();
    });
    await this.#connecting(() => this.#link.open(this));
  }

  async #connecting(connect: () => Promise<void>): Promise<void> {
    try {
      await connect();
    } catch (error) {
      this.failed(error as PluginError);
      throw error;
    }
  }

  async #stop(): Promise<void> {
    const { role } = this.#link;
    const hasFailed = this.#state === "failed";
    this.#move("stopped");
    // Whoever waits for start() is told by the link.
    await this.#end(CLOSE_CODES[role]);
    if (!hasFailed) this.connectivityIs("disconnected");
    this.#changes.end();
  }

  /** Nothing comes or goes any more. The ports end when all that came has been dealt with. */
  async #end(code = 1011): Promise<void> {
    for (const stop of this.#repeated.splice(0)) stop();
    this.#flow.takeNoMore();
    const closed = this.#link.close();
    await this.#flow.close(code);
    await closed;
    this.#flow.err.events.end();
  }

  #repeat(intervalMs: number | undefined, task: () => void): void {
    if (intervalMs !== undefined) this.#repeated.push(repeat(this.#clock, intervalMs, task));
  }

  #move(state: ConnectorState): void {
    this.#state = moveState(MOVES, this.#state, state);
    this.#changes.tell(state);
  }

  #mustBeStarted(what: string): void {
    if (this.#state === "initialized") throw new TypeError(`Cannot ${what} ${this.#link.shown}: it was not started`);
  }

  #over(what: string): PluginError {
    return this.#error ?? new PluginError("CONNECTION_CLOSED", `Cannot ${what} ${this.#link.shown}: it was stopped`);
  }
}
