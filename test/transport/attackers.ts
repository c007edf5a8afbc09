import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, type ClientOptions, type Implementation, NewClient } from "../../src/index.js";
import type { Peer } from "../../src/peer/peer.js";
import type { Runtime } from "../../src/process/runtime.js";
import { resolveServeOptions } from "../../src/serve/options.js";
import { type PluginServer, startServer } from "../../src/serve/server.js";
import type { TransportName } from "../../src/util/address.js";
import type { Limits } from "../../src/wire/limits.js";
import { memoryLogger } from "../kit/fixtures.js";
import { hmac } from "../kit/raw/raw-plugin.js";
import { RawSocket } from "../kit/raw/raw-socket.js";
import { RawWebSocket } from "./raw-websocket.js";

/** Either end of a connection, in exact lines: a RawSocket or a RawWebSocket, looking the same. */
export class RawLines {
  readonly raw: RawSocket | RawWebSocket;
  /** Resolves when the connection is gone, however it went. */
  readonly gone: Promise<void>;

  constructor(raw: RawSocket | RawWebSocket) {
    this.raw = raw;
    this.gone = new Promise((resolve) => raw.socket.on("close", () => resolve()));
    raw.closed.catch(() => {});
  }

  get socket(): Socket {
    return this.raw.socket;
  }

  /** Sends lines, in one chunk or frame. */
  text(lines: string | Uint8Array): void {
    if (this.raw instanceof RawWebSocket) this.raw.text(lines);
    else this.raw.write(Buffer.concat([Buffer.from(lines), Buffer.from("\n")]));
  }

  send(message: unknown): void {
    this.text(JSON.stringify(message));
  }

  message(): Promise<any> {
    return this.raw.message();
  }

  /** All messages until the other side has ended the connection. */
  async rest(): Promise<any[]> {
    const messages: any[] = [];
    // What had arrived before it went is still taken.
    const end = this.gone.then(() => new Promise<undefined>((resolve) => setImmediate(resolve, undefined)));
    for (;;) {
      const message = await Promise.race([this.message(), end]);
      if (message === undefined) break;
      messages.push(message);
    }
    this.raw.destroy();
    await this.gone;
    return messages;
  }

  destroy(): void {
    this.raw.destroy();
  }
}

/** Our server, with a host played by the test, over any transport. */
export class RawHostOver implements AsyncDisposable {
  readonly server: PluginServer;
  readonly secret: string;
  readonly logger: ReturnType<typeof memoryLogger>;
  readonly #dir: string | undefined;
  readonly #made: RawLines[] = [];

  private constructor(server: PluginServer, secret: string, logger: ReturnType<typeof memoryLogger>, dir: string | undefined) {
    this.server = server;
    this.secret = secret;
    this.logger = logger;
    this.#dir = dir;
  }

  static async serve(transport: TransportName, provides: readonly Implementation[] = [], limits: Limits = {}): Promise<RawHostOver> {
    const secret = randomBytes(32).toString("hex");
    const logger = memoryLogger();
    const dir = transport === "unix" ? mkdtempSync(join(tmpdir(), "raw-")) : undefined;
    const env = { apiVersions: [1], transport, minPort: 0, maxPort: 0, unixSocketDir: dir, secret, lifeline: undefined };
    const server = await startServer({ ...resolveServeOptions({ provides, logger, limits }), env, info: { name: "test" } });
    return new RawHostOver(server, secret, logger, dir);
  }

  get target(): NetConnectOpts {
    const { address } = this.server;
    return address.network === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  }

  /** A connection that has said nothing. */
  async connect(): Promise<RawLines> {
    const isWebSocket = this.server.protocol === "jsonrpc+ws";
    const made = new RawLines(isWebSocket ? await RawWebSocket.connect(this.target) : new RawSocket(connect(this.target)));
    this.#made.push(made);
    return made;
  }

  /** Says hello; resolves with the proof that the answer asks for. */
  async hello(lines: RawLines): Promise<string> {
    const challenge = randomBytes(32).toString("hex");
    const params = { protocolVersions: [1], apiVersions: [1], challenge, framings: ["lines"], info: { name: "raw" } };
    lines.send({ jsonrpc: "2.0", id: 0, method: "rpc.hello", params });
    const { result } = await lines.message();
    return hmac(this.secret, `host:${challenge}:${result.challenge}`);
  }

  /** A connection that has proven itself; its next free id is 2. */
  async ready(): Promise<RawLines> {
    const lines = await this.connect();
    const proof = await this.hello(lines);
    lines.send({ jsonrpc: "2.0", id: 1, method: "rpc.ready", params: { proof, provides: [], config: {} } });
    await lines.message();
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const lines of this.#made) lines.destroy();
    await this.server.close();
    if (this.#dir !== undefined) rmSync(this.#dir, { recursive: true });
  }
}

/** Our host, with a plugin played by the test, over any transport. */
export class RawPluginOver implements AsyncDisposable {
  readonly client: Client;
  readonly logger: ReturnType<typeof memoryLogger> = memoryLogger();
  /** The host's start, once connect() has begun it. */
  started: Promise<unknown> | undefined;
  readonly #transport: TransportName;
  readonly #server: Server = createServer();
  readonly #made: RawLines[] = [];
  #env: Readonly<Record<string, string>> = {};
  #exit!: (exit: { exitCode: number | null; signal: NodeJS.Signals | null }) => void;

  constructor(transport: TransportName, options: Partial<ClientOptions> = {}) {
    this.#transport = transport;
    const shared = { minPort: 0, maxPort: 0, killTimeoutMs: 100, logger: this.logger };
    this.client = NewClient({ command: "raw-plugin", runtime: this.#runtime(), transport, ...shared, ...options });
  }

  /** The connection that the host makes, having said nothing; the host goes on starting. */
  async connect(): Promise<RawLines> {
    const connected = once(this.#server, "connection") as Promise<[Socket]>;
    this.started = this.client.start();
    this.started.catch(() => {});
    const [socket] = await connected;
    const lines = new RawLines(this.#transport === "websocket" ? await RawWebSocket.accept(socket) : new RawSocket(socket));
    this.#made.push(lines);
    return lines;
  }

  /** The connection, ready, and the host's peer at its other end. */
  async ready(): Promise<{ lines: RawLines; peer: Peer; call: (input?: unknown) => Promise<unknown> }> {
    const lines = await this.connect();
    const { id, params } = await lines.message();
    const challenge = randomBytes(32).toString("hex");
    const proof = hmac(this.#env["PLUGIN_SECRET"] as string, `plugin:${params.challenge}:${challenge}`);
    const provides = [{ name: "raw", members: { call: { kind: "method" } } }];
    lines.send({ jsonrpc: "2.0", id, result: { protocolVersion: 1, apiVersion: 1, challenge, framing: "lines", proof, provides } });
    const ready = await lines.message();
    lines.send({ jsonrpc: "2.0", id: ready.id, result: {} });
    const connection = await this.client.client();
    const { peer } = connection as unknown as { readonly peer: Peer };
    return { lines, peer, call: (input) => connection.call("raw.call", input) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#exit({ exitCode: 0, signal: null });
    for (const lines of this.#made) lines.destroy();
    await this.client.kill();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #runtime(): Runtime {
    const exited = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      this.#exit = resolve;
    });
    return {
      start: async ({ env }) => {
        this.#env = env;
        const announcement = await this.#listen();
        return {
          id: "raw",
          stdin: undefined,
          stdout: (async function* () {
            yield Buffer.from(`1|1|${announcement}|\n`);
          })(),
          stderr: (async function* () {})(),
          exited,
          signal: (signal) => this.#exit({ exitCode: null, signal }),
        };
      },
    };
  }

  async #listen(): Promise<string> {
    const dir = this.#env["PLUGIN_UNIX_SOCKET_DIR"];
    if (this.#transport === "unix") this.#server.listen(`${dir}/s`);
    else this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    if (this.#transport === "unix") return `unix|${dir}/s|jsonrpc`;
    const { port } = this.#server.address() as AddressInfo;
    return `tcp|127.0.0.1:${port}|${this.#transport === "websocket" ? "jsonrpc+ws" : "jsonrpc"}`;
  }
}
