import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type Connector, type PluginError, websocketClient, websocketServer } from "../../src/connectors/index.js";

const LINES = { codec: "json", preprocessors: ["separate"], postprocessors: ["separate"] } as const;

/** What may happen between two bursts of events. */
export const ACTIONS = [
  "cut",
  "pause server",
  "pause client",
  "resume",
  "restart server",
  "drain server",
  "restart client",
  "rest",
  "rest",
] as const;
export type Action = (typeof ACTIONS)[number];

/**
 * A client and a server with a wire between them that breaks, both restarted now and then. The client sends numbers, the server answers
 * each with its negative; every number is followed to where it ends.
 */
export class World {
  /** What was sent, what arrived, and what was told of the rest. */
  readonly sent = new Set<number>();
  readonly arrived = new Map<number, number>();
  readonly rejected = new Map<number, string>();
  readonly told = new Map<number, string>();
  /** On `err`, and of no number: pieces of lines. */
  pieces = 0;
  #next = 1;
  #server: Connector | undefined;
  #client: Connector | undefined;
  #port = 0;
  readonly #wire: Server;
  readonly #sockets = new Set<Socket>();
  readonly #loops: Promise<unknown>[] = [];
  readonly #connectors: Connector[] = [];

  private constructor() {
    // Each direction ends by itself, as it does on a wire.
    this.#wire = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ port: this.#port, host: "127.0.0.1", allowHalfOpen: true });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => other.resetAndDestroy());
        one.on("close", () => this.#sockets.delete(one));
        one.pipe(other);
      }
    });
  }

  static async start(): Promise<World> {
    const world = new World();
    world.#wire.listen(0, "127.0.0.1");
    await once(world.#wire, "listening");
    await world.#startServer();
    await world.#startClient();
    return world;
  }

  /** On `err`, dropped there because nobody read it in time, and counted. */
  get dropped(): number {
    return this.#connectors.reduce((sum, { metrics }) => sum + metrics.err_dropped, 0);
  }

  burst(count: number): void {
    for (let left = count; left > 0; left--) this.#send(this.#client as Connector, this.#next++, { data: this.#next - 1 });
  }

  async act(action: Action): Promise<void> {
    switch (action) {
      case "cut":
        for (const socket of this.#sockets) socket.resetAndDestroy();
        return;
      case "pause server":
        return this.#server?.pause();
      case "pause client":
        return this.#client?.pause();
      case "resume":
        return this.#resume();
      case "restart server":
        await this.#server?.stop();
        return this.#startServer();
      case "drain server":
        await Promise.race([this.#server?.drain(), turns(50)]);
        await this.#server?.stop();
        return this.#startServer();
      case "restart client":
        await this.#client?.stop();
        return this.#startClient();
      case "rest":
        return turns(20);
    }
  }

  /** Ends it in order: what is on its way arrives. */
  async end(): Promise<void> {
    await this.#resume();
    await this.#client?.drain();
    await this.#client?.stop();
    await this.#server?.stop();
    await new Promise((resolve) => this.#wire.close(resolve));
    await Promise.all(this.#loops);
  }

  async #resume(): Promise<void> {
    await this.#server?.resume();
    void this.#client?.resume().catch(() => {});
    await turns(5);
  }

  async #startServer(): Promise<void> {
    const server = websocketServer({ url: `127.0.0.1:${this.#port}`, ...LINES });
    await server.start();
    this.#port = server.address?.port as number;
    this.#server = server;
    this.#follow(server, (event) => this.#send(server, -(event.data as number), { ...event, data: -(event.data as number) }));
  }

  async #startClient(): Promise<void> {
    const { port } = this.#wire.address() as AddressInfo;
    const client = websocketClient({
      url: `127.0.0.1:${port}`,
      ...LINES,
      reconnect: { retry: { interval_ms: 1, growth_rate: 1, randomized: false } },
    });
    this.#client = client;
    this.#follow(client, () => {});
    await client.start();
  }

  #follow(connector: Connector, onEvent: (event: { readonly data: unknown }) => void): void {
    const out = async (): Promise<void> => {
      for await (const event of connector.out) {
        const number = event.data as number;
        this.arrived.set(number, (this.arrived.get(number) ?? 0) + 1);
        onEvent(event);
      }
    };
    const err = async (): Promise<void> => {
      for await (const { data, input } of connector.err) {
        if (typeof input === "number") this.told.set(input, (data as PluginError).code);
        else this.pieces++;
      }
    };
    this.#connectors.push(connector);
    this.#loops.push(out(), err());
  }

  #send(connector: Connector, number: number, event: { readonly data: unknown }): void {
    this.sent.add(number);
    const settled = connector.send(event).catch((error: PluginError) => void this.rejected.set(number, error.code));
    this.#loops.push(settled);
  }
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left--) await new Promise((resolve) => setImmediate(resolve));
}
