import { PluginError } from "../../errors.js";
import type { Way } from "../event.js";
import type { Connection } from "./connection.js";

/** The connections of one connector, and which of them an event is for. */
export class Routes {
  readonly #byId = new Map<string, Connection>();
  readonly #byPeer = new Map<string, Connection>();
  /** By the very object that its events have: what is sent back needs no text made of it. */
  readonly #byOwnPeer = new WeakMap<object, Connection>();

  get size(): number {
    return this.#byId.size;
  }

  [Symbol.iterator](): IterableIterator<Connection> {
    return this.#byId.values();
  }

  add(connection: Connection): void {
    this.#byId.set(connection.id, connection);
    this.#byPeer.set(keyOf(connection.peer), connection);
    this.#byOwnPeer.set(connection.peer, connection);
  }

  delete(connection: Connection): void {
    this.#byId.delete(connection.id);
    this.#byOwnPeer.delete(connection.peer);
    const key = keyOf(connection.peer);
    // A port may be another connection's already.
    if (this.#byPeer.get(key) === connection) this.#byPeer.delete(key);
  }

  /** A client's one connection. @throws {PluginError} */
  only(shown: string): Connection {
    for (const connection of this.#byId.values()) if (connection.isOpen) return connection;
    throw new PluginError("NOT_SENT", `Cannot send to ${shown}: it is not connected`);
  }

  /** The connection that an event's meta names, else those in its origin; and how many of them there are no more. @throws {PluginError} */
  of({ peer, origin }: Way, shown: string): { readonly found: readonly Connection[]; readonly gone: number } {
    if (peer !== undefined) {
      const connection = this.#byOwnPeer.get(peer) ?? this.#byPeer.get(keyOf(peer));
      if (connection?.isOpen === true) return { found: [connection], gone: 0 };
      throw new PluginError("NOT_SENT", `Cannot send from ${shown}: there is no connection from ${keyOf(peer)}`);
    }
    const found: Connection[] = [];
    let gone = 0;
    for (const id of origin ?? []) {
      const connection = this.#byId.get(id);
      if (connection?.isOpen === true) found.push(connection);
      else gone++;
    }
    if (found.length > 0) return { found, gone };
    const why = gone > 0 ? "the connections that it came from are gone" : "the event names no connection";
    throw new PluginError("NOT_SENT", `Cannot send from ${shown}: ${why}`);
  }
}

function keyOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
