import type { ReadableStream, WritableStream } from "node:stream/web";
import type { PluginError } from "../errors.js";
import type { ErrorEvent, EventMeta, OutgoingEvent, StreamEvent } from "./event.js";

/**
 * What a connector was asked for last. `failed`: it cannot connect or listen, and tries no more. `draining`, `stopped` and `failed` lead
 * nowhere but to `stopped`.
 */
export type ConnectorState = "initialized" | "running" | "paused" | "draining" | "stopped" | "failed";

/** What a connector has counted since it was made. */
export interface ConnectorMetrics {
  /** Events that were given to send(). */
  readonly in: number;
  /** Events that came, and were put where they are read. */
  readonly out: number;
  /** Events on `err`. */
  readonly err: number;
  /** Those of them that were dropped because nobody read them in time. */
  readonly err_dropped: number;
  /** Connections at this moment. */
  readonly streams: number;
}

/**
 * What happens to a connector: `open` and `closed`, as there is a connection (or a listener) or none; its states; the end of each
 * connection; its counters, every `metrics_interval_s`; and how many changes a slow reader has missed.
 */
export type ConnectorChange =
  | "open"
  | "closed"
  | ConnectorState
  | {
      /** The connection, as in an event's `origin`. */
      readonly end: string;
      /** Of its events. */
      readonly meta: EventMeta;
    }
  | {
      /** Every `metrics_interval_s`. */
      readonly metrics: ConnectorMetrics;
    }
  | {
      /** Changes that this reader did not read in time. */
      readonly missed: number;
    };

/** WebSocket connections as streams of events, both ways. */
export interface Connector extends AsyncDisposable {
  /** What was asked for, or that it failed. */
  readonly state: ConnectorState;
  /** Is there a connection, or a listener? Apart from the state: a client that redials is `running` and `disconnected`. */
  readonly connectivity: "connected" | "disconnected";
  /** Why it failed; undefined if it did not. */
  readonly error: PluginError | undefined;
  /** Where a server listens, or the far end of a client's connection; undefined without one. */
  readonly address: { readonly host: string; readonly port: number } | undefined;
  /** What it has counted. */
  readonly metrics: ConnectorMetrics;
  /**
   * Events as they come. Whoever reads gets the next one: two readers share them. While 8,192 events or 1 MiB wait here, nothing is read from
   * the sockets. Ends when the connector does, after what waits; leaving a loop over it loses nothing.
   */
  readonly out: AsyncIterable<StreamEvent>;
  /**
   * What could not be decoded, and what was sent and may not have arrived. The connection stays, if it is there. At most 16,384 wait, or
   * 8 MiB of what they are about; then the oldest is dropped, and counted.
   */
  readonly err: AsyncIterable<ErrorEvent<PluginError>>;
  /**
   * Connects, or listens. A connector starts once: later calls return the same promise.
   * @throws {PluginError} `UNREACHABLE` where it failed; `CONNECTION_CLOSED` where it was stopped meanwhile.
   */
  start(): Promise<void>;
  /** Reads no more from the sockets until resume(), and does not redial. Sending goes on. */
  pause(): Promise<void>;
  /** Reads again; a client whose connection was lost meanwhile connects first. @throws {PluginError} Where it failed, as start(). */
  resume(): Promise<void>;
  /** Takes no new input; resolves when all that was sent is handed over. `out` ends after what has come. stop() closes the connections. */
  drain(): Promise<void>;
  /** Closes the connections, and ends. Idempotent. */
  stop(): Promise<void>;
  /**
   * Sends an event: on a client over its connection; on a server to the connection that its meta names, else to each in its origin.
   * Resolves when it was handed to the system. What is lost after that comes on `err`.
   * @throws {PluginError} `NOT_SENT` if there is no such connection, `INVALID_INPUT` if it cannot be encoded, `BUSY` if 64 MiB wait already;
   * `CONNECTION_LOST` and `CONNECTION_CLOSED` if the connection ended meanwhile: it may have arrived.
   */
  send(event: OutgoingEvent): Promise<void>;
  /** Tells of each change from now on. A reader that is more than 1,024 behind is told how many it has missed. */
  changes(options?: {
    /** Ends it. @default none */
    readonly signal?: AbortSignal | undefined;
  }): AsyncIterableIterator<ConnectorChange>;
  /** `out` as a web stream. It fails where the connector does. Cancelling it leaves the rest where it is. */
  readable(): ReadableStream<StreamEvent>;
  /**
   * send() as a web stream: waits while there is no connection and while the system takes nothing. What cannot be sent comes on `err`, and the
   * stream goes on; it fails where the connector ends.
   */
  writable(): WritableStream<OutgoingEvent>;
}
