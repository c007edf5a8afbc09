import { type Connector, type StreamEvent, websocketClient, websocketServer } from "../../src/connectors/index.js";
import type { WebSocketClientOptions } from "../../src/connectors/options/client-options.js";
import type { WebSocketServerOptions } from "../../src/connectors/options/server-options.js";

/** Reads one port of a connector step by step. */
export class Reader<T> {
  readonly #iterator: AsyncIterator<T>;

  constructor(port: AsyncIterable<T>) {
    this.#iterator = port[Symbol.asyncIterator]();
  }

  /** The next one. @throws {Error} The port has ended. */
  async next(): Promise<T> {
    const step = await this.#iterator.next();
    if (step.done === true) throw new Error("Cannot read: the port has ended");
    return step.value;
  }

  async take(count: number): Promise<T[]> {
    const items: T[] = [];
    while (items.length < count) items.push(await this.next());
    return items;
  }

  /** All to the end. */
  async rest(): Promise<T[]> {
    const items: T[] = [];
    for (;;) {
      const step = await this.#iterator.next();
      if (step.done === true) return items;
      items.push(step.value);
    }
  }
}

/** A connector, and readers of its ports. It is stopped at the end of its scope. */
export interface Tried extends AsyncDisposable {
  readonly connector: Connector;
  readonly out: Reader<StreamEvent>;
  readonly err: Reader<StreamEvent<Error & { readonly code: string }> & { readonly input?: unknown }>;
}

function tried(connector: Connector): Tried {
  return {
    connector,
    out: new Reader(connector.out),
    err: new Reader(connector.err),
    [Symbol.asyncDispose]: () => connector.stop(),
  };
}

/** Of either, checked by what is tested. */
export type Options = Readonly<Record<string, unknown>>;

/** A server on any port of loopback, which listens. Lines of JSON, unless the options say otherwise. */
export async function serve(options: Options = {}): Promise<Tried & { readonly url: string; readonly port: number }> {
  const defaults = { url: "127.0.0.1:0", codec: "json", preprocessors: ["separate"], postprocessors: ["separate"] };
  const connector = websocketServer({ ...defaults, ...options } as WebSocketServerOptions);
  await connector.start();
  const port = connector.address?.port as number;
  return { ...tried(connector), port, url: `ws://127.0.0.1:${port}` };
}

/** A client that is not started. Lines of JSON, unless the options say otherwise. */
export function client(url: string, options: Options = {}): Tried {
  const defaults = { url, codec: "json", preprocessors: ["separate"], postprocessors: ["separate"] };
  return tried(websocketClient({ ...defaults, ...options } as WebSocketClientOptions));
}

/** A client that is connected. */
export async function connect(url: string, options: Options = {}): Promise<Tried> {
  const made = client(url, options);
  await made.connector.start();
  return made;
}

export const dataOf = (events: readonly StreamEvent[]): unknown[] => events.map(({ data }) => data);
