import { showValue } from "../util/show-value.js";

/** The far end of a connection. */
export interface PeerMeta {
  /** Is the connection below TLS? */
  readonly tls: boolean;
  /** Its address, as the socket has it, and its port. */
  readonly peer: { readonly host: string; readonly port: number };
}

/** Where an event came from. */
export interface EventMeta {
  /** On a server's events. @default none */
  readonly ws_server?: PeerMeta | undefined;
  /** On a client's events. @default none */
  readonly ws_client?: PeerMeta | undefined;
  /** It came in a binary frame. @default false */
  readonly binary?: boolean | undefined;
}

/** What came over a connection, decoded. */
export interface StreamEvent<T = unknown> {
  /** What the codec made of it. */
  readonly data: T;
  /** Where it came from, and in which kind of frame. */
  readonly meta: EventMeta;
  /** The connections that this event came from. Events that were merged into one keep them all, and a reply goes to each. */
  readonly origin: ReadonlySet<string>;
}

/** What could not be decoded, delivered or confirmed: `data` is the error. */
export interface ErrorEvent<E = Error> extends StreamEvent<E> {
  /** What it was: bytes that came (their first 4 KiB), or the data of an event. Undefined where nothing was there. */
  readonly input?: unknown;
}

/** A part of what `$ws_server` may say of an event that is sent. */
export interface TargetMeta {
  /** Not looked at: what came can be sent as it is. @default any */
  readonly tls?: boolean | undefined;
  /** On a server: the connection that is meant. @default those in the event's origin */
  readonly peer?: { readonly host: string; readonly port: number } | undefined;
  /** In a binary frame. @default false */
  readonly binary?: boolean | undefined;
}

/** What is to be sent: an event that came, or one of your own. */
export interface OutgoingEvent {
  /** What the codec is given. */
  readonly data: unknown;
  /** Which connection is meant, and in which kind of frame it goes; with a `$` or without. @default {} */
  readonly meta?:
    | {
        /** As an event of a server has it. @default none */
        readonly ws_server?: TargetMeta | undefined;
        /** As an event of a client has it. @default none */
        readonly ws_client?: TargetMeta | undefined;
        /** The same as `ws_server`, and read before it. @default none */
        readonly $ws_server?: TargetMeta | undefined;
        /** The same as `ws_client`, and read before it. @default none */
        readonly $ws_client?: TargetMeta | undefined;
        /** In a binary frame. @default false */
        readonly binary?: boolean | undefined;
      }
    | undefined;
  /** The connections that it is for, where `meta` names none. @default none */
  readonly origin?: ReadonlySet<string> | undefined;
}

/**
 * One event of several: sent to a server, it goes to each connection that one of them came from.
 * @param data Of the new event. It goes in a binary frame where all of them came in one.
 */
export function merge<T>(events: Iterable<StreamEvent>, data: T): StreamEvent<T> {
  const all = [...events];
  const binary = all.length > 0 && all.every(({ meta }) => meta.binary === true);
  return { data, meta: binary ? { binary } : {}, origin: new Set(all.flatMap(({ origin }) => [...origin])) };
}

/** What an event that is to be sent says of its way. */
export interface Way {
  readonly peer: { readonly host: string; readonly port: number } | undefined;
  readonly origin: ReadonlySet<string> | undefined;
  readonly binary: boolean;
}

// In a flow of many events most say nothing of their own.
const NO_META = {};

/** @throws {TypeError} It is no event, or says something else than it may. */
export function readWay(event: OutgoingEvent): Way {
  if (typeof event !== "object" || event === null || !("data" in event)) {
    throw new TypeError(`Cannot send an event: it is ${showValue(event)}, and it must be an object with data`);
  }
  const { meta = NO_META, origin } = event;
  if (typeof meta !== "object" || meta === null) throw wrong("meta", meta, "an object");
  if (origin !== undefined && typeof origin.has !== "function") throw wrong("origin", origin, "a Set of connections");
  return { peer: peerOf(meta), origin, binary: isBinary(meta) };
}

type Meta = NonNullable<OutgoingEvent["meta"]>;

function peerOf(meta: Meta): Way["peer"] {
  const peer = meta.$ws_server?.peer ?? meta.ws_server?.peer;
  if (peer === undefined || (typeof peer?.host === "string" && Number.isInteger(peer.port))) return peer;
  throw wrong("meta.ws_server.peer", peer, "an object with host and port");
}

/** What somebody set by hand is spelt with a dollar, and stands before what the event came with. */
function isBinary({ $ws_server, $ws_client, ws_server, ws_client, binary }: Meta): boolean {
  const said =
    $ws_server?.binary ??
    $ws_client?.binary ??
    (ws_server as TargetMeta | undefined)?.binary ??
    (ws_client as TargetMeta | undefined)?.binary ??
    binary ??
    false;
  if (typeof said === "boolean") return said;
  throw wrong("meta.binary", said, "true or false");
}

function wrong(name: string, value: unknown, wanted: string): TypeError {
  return new TypeError(`Cannot send an event: ${name} is ${showValue(value)}, and it must be ${wanted}`);
}
