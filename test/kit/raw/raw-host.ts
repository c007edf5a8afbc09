import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { Implementation, Logger } from "../../../src/index.js";
import { resolveServeOptions } from "../../../src/serve/options.js";
import { type PluginServer, startServer } from "../../../src/serve/server.js";
import type { Limits } from "../../../src/wire/limits.js";
import { memoryLogger } from "../fixtures.js";
import { hmac } from "./raw-plugin.js";
import { RawSocket } from "./raw-socket.js";

/** A plugin's server in this process, and a host played by the test: real sockets and exact bytes. */
export class RawHost implements AsyncDisposable {
  readonly server: PluginServer;
  readonly secret: string;
  readonly logger: ReturnType<typeof memoryLogger>;
  readonly #sockets: RawSocket[] = [];

  private constructor(server: PluginServer, secret: string, logger: ReturnType<typeof memoryLogger>) {
    this.server = server;
    this.secret = secret;
    this.logger = logger;
  }

  static async serve(
    provides: readonly Implementation[],
    options: {
      readonly limits?: Limits;
      readonly transport?: "tcp" | "websocket";
      readonly configure?: (config: unknown) => void | Promise<void>;
    } = {},
  ): Promise<RawHost> {
    const secret = randomBytes(32).toString("hex");
    const logger = memoryLogger();
    const { transport = "tcp", ...rest } = options;
    const env = { apiVersions: [1], transport, minPort: 0, maxPort: 0, unixSocketDir: undefined, secret, lifeline: undefined };
    const server = await startServer({
      ...resolveServeOptions({ provides, logger: logger as Logger, ...rest }),
      env,
      info: { name: "test" },
    });
    return new RawHost(server, secret, logger);
  }

  get port(): number {
    return this.server.address.network === "tcp" ? this.server.address.port : 0;
  }

  /** A connection that has said nothing. */
  async connect(): Promise<RawSocket> {
    const socket = connect(this.port, "127.0.0.1");
    await once(socket, "connect");
    const raw = new RawSocket(socket);
    this.#sockets.push(raw);
    return raw;
  }

  /** A connection that has proven itself and is ready; its next free id is 2. */
  async ready(): Promise<RawSocket> {
    const socket = await this.connect();
    const challenge = randomBytes(32).toString("hex");
    const params = { protocolVersions: [1], apiVersions: [1], challenge, framings: ["lines"], info: { name: "raw" } };
    socket.send({ jsonrpc: "2.0", id: 0, method: "rpc.hello", params });
    const { result } = await socket.message();
    const proof = hmac(this.secret, `host:${challenge}:${result.challenge}`);
    socket.send({ jsonrpc: "2.0", id: 1, method: "rpc.ready", params: { proof, provides: [], config: {} } });
    await socket.message();
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.server.close();
  }
}
