import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { PluginError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import { type ErrorEvent, type OutgoingEvent, readWay, type Way } from "../event.js";
import type { ResolvedStreamOptions } from "../options/stream-options.js";
import { ErrPort } from "../ports/err-port.js";
import { OutPort } from "../ports/out-port.js";
import type { Fault } from "../processors/processor.js";
import { Connection, type ConnectionOwner, type Ending, type PauseReason } from "./connection.js";
import { type Decoded, Incoming } from "./incoming.js";
import { Outgoing, type Payload } from "./outgoing.js";
import { ConfirmRounds } from "./rounds.js";
import { Routes } from "./routes.js";

export interface FlowOptions {
  readonly stream: ResolvedStreamOptions;
  readonly role: "ws_server" | "ws_client";
  /** As it stands in sentences. */
  readonly shown: string;
  readonly clock: Clock;
  /** Called once for each connection, when all that it brought has been dealt with. */
  onEnded(connection: Connection, ending: Ending): void;
}

// Of input that could not be decoded; it may be megabytes, and a thousand of them may wait.
const SHOWN_BYTES = 4_096;

let flows = 0;

/** Frames of all connections of a connector to events, and events to frames. */
export class Flow implements ConnectionOwner {
  readonly out: OutPort = new OutPort(() => this.resume("unread"));
  readonly err: ErrPort = new ErrPort();
  readonly routes: Routes = new Routes();
  readonly #options: FlowOptions;
  readonly #id = ++flows;
  readonly #decoded: Decoded<Connection> = {
    event: (from, data, isBinary, bytes) => this.#received(from, data, isBinary, bytes),
    fault: (from, fault, isBinary, cause) => this.#refuse(from, fault, isBinary, cause),
  };
  readonly #outgoing: Outgoing;
  readonly #confirms: ConfirmRounds;
  /** Connections, ended ones too until their last input has been dealt with; and who waits until there is none. */
  #unfinished = 0;
  #onFinished: (() => void)[] = [];
  #connections = 0;
  /** What comes is put where it is read; else it is left out, and counted on err. */
  #accepts = true;
  /** Sends that have not settled, and who waits for that. */
  #sending = 0;
  #onRest: (() => void)[] = [];
  inCount = 0;
  outCount = 0;

  constructor(options: FlowOptions) {
    this.#options = options;
    this.#outgoing = new Outgoing(options.stream.codec, options.stream.postprocessors);
    this.#confirms = new ConfirmRounds(options.clock);
  }

  attach(webSocket: WebSocket, socket: Socket, tls: boolean): Connection {
    const connection = new Connection(`${this.#id}:${++this.#connections}`, this.#options.role, webSocket, socket, tls, this);
    this.routes.add(connection);
    this.#unfinished++;
    return connection;
  }

  send(event: OutgoingEvent): Promise<void> {
    this.inCount++;
    const sent = this.#send(event);
    this.#sending++;
    sent.then(this.#onSettled, this.#onSettled);
    return sent;
  }

  /** Resolves when every send() has settled. */
  async rest(): Promise<void> {
    while (this.#sending > 0) await new Promise<void>((resolve) => this.#onRest.push(resolve));
  }

  /** What comes from now on is left out, and readers come to their end. */
  takeNoMore(): void {
    this.#accepts = false;
    this.out.events.end();
    // Else nobody would be heard who confirms what was sent, or closes.
    this.resume("asked");
    this.resume("unread");
  }

  pause(reason: PauseReason): void {
    for (const connection of this.routes) connection.pause(reason);
  }

  resume(reason: PauseReason): void {
    for (const connection of this.routes) connection.resume(reason);
  }

  /** Resolves when all connections have ended, and what they brought has been dealt with. */
  async close(code: number): Promise<void> {
    for (const connection of this.routes) connection.close(code);
    while (this.#unfinished > 0) await new Promise<void>((resolve) => this.#onFinished.push(resolve));
    await this.rest();
    this.#confirms.stop();
  }

  /** Tells a failure that has no promise of its own. */
  tell(error: PluginError, event: Partial<ErrorEvent<PluginError>> = {}, bytes = 0): void {
    this.err.push({ meta: {}, origin: new Set(), ...event, data: error }, bytes);
  }

  message(connection: Connection, data: Buffer, isBinary: boolean): void {
    const busy = this.#incomingOf(connection).push(data, isBinary);
    if (busy !== undefined) {
      connection.pause("busy");
      void busy.then(() => connection.resume("busy"));
    }
    if (this.#accepts && this.out.full) connection.pause("unread");
  }

  unconfirmed(connection: Connection): void {
    this.#confirms.add(connection);
  }

  ended(connection: Connection, ending: Ending): void {
    this.routes.delete(connection);
    const rest = connection.incoming?.end(ending.whole);
    if (rest === undefined) this.#finish(connection, ending);
    else void rest.then(() => this.#finish(connection, ending));
  }

  readonly #onSettled = (): void => {
    this.#sending--;
    if (this.#sending === 0) for (const resolve of this.#onRest.splice(0)) resolve();
  };

  #send(event: OutgoingEvent): Promise<void> {
    try {
      const way = readWay(event);
      // Before its data is encoded: where nobody is there that costs nothing.
      this.#targets(way);
      return this.#outgoing.encode(event.data, way.binary, (payload) => this.#deliver(payload, way, event.data));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #targets(way: Way): { readonly found: readonly Connection[]; readonly gone: number } {
    const { role, shown } = this.#options;
    return role === "ws_server" ? this.routes.of(way, shown) : { found: [this.routes.only(shown)], gone: 0 };
  }

  #deliver(payload: Payload, way: Way, data: unknown): Promise<void> {
    const { found, gone } = this.#targets(way);
    const [first] = found;
    if (first !== undefined && found.length === 1 && gone === 0) return first.send(payload, way.binary, data);
    return this.#toAll(
      found.map((connection) => connection.send(payload, way.binary, data)),
      gone,
    );
  }

  async #toAll(sends: readonly Promise<void>[], gone: number): Promise<void> {
    const settled = await Promise.allSettled(sends);
    const errors = settled.filter((each) => each.status === "rejected").map(({ reason }) => reason as unknown);
    if (errors.length === 0 && gone === 0) return;
    const all = sends.length + gone;
    const message = `Cannot send from ${this.#options.shown}: of ${all} connections that the event is for, ${all - errors.length - gone} got it`;
    throw new PluginError("CONNECTION_LOST", message, { cause: new AggregateError(errors, message) });
  }

  #incomingOf(connection: Connection): Incoming {
    const { preprocessors, codec } = this.#options.stream;
    connection.incoming ??= new Incoming(preprocessors, codec, connection, this.#decoded) as Incoming;
    return connection.incoming;
  }

  #received(connection: Connection, data: unknown, isBinary: boolean, bytes: number): void {
    const { textMeta, binaryMeta, origin } = connection;
    const meta = isBinary ? binaryMeta : textMeta;
    if (this.#accepts) {
      this.outCount++;
      return this.out.push({ data, meta, origin }, bytes);
    }
    const message = `Left out an event from ${connection.name}: it came when no more input was taken`;
    this.tell(new PluginError("CONNECTION_CLOSED", message), { meta, origin, input: data }, bytes);
  }

  #refuse(connection: Connection, { code, why, input }: Fault, isBinary: boolean, cause: unknown): void {
    const { textMeta, binaryMeta, origin } = connection;
    const error = new PluginError(code, `Cannot take what came from ${connection.name}: ${why}`, { cause });
    // A copy: else a few bytes would keep a whole chunk of the socket's.
    const shown = input === undefined ? {} : { input: Buffer.from(input.subarray(0, SHOWN_BYTES)) };
    this.tell(error, { meta: isBinary ? binaryMeta : textMeta, origin, ...shown }, shown.input?.length);
  }

  #finish(connection: Connection, ending: Ending): void {
    const { textMeta: meta, origin, name } = connection;
    const { violation, problem, inDoubt } = ending;
    if (violation !== undefined) {
      this.tell(new PluginError(violation, `Closed the connection to ${name}: ${problem}`), { meta, origin });
    }
    for (const { data, bytes } of inDoubt) {
      const message = `Lost an event that was sent to ${name}: ${problem}; it may have arrived`;
      this.tell(new PluginError("CONNECTION_LOST", message), { meta, origin, input: data }, bytes);
    }
    this.#options.onEnded(connection, ending);
    this.#unfinished--;
    if (this.#unfinished === 0) for (const resolve of this.#onFinished.splice(0)) resolve();
  }
}
