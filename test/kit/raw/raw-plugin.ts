import { createHmac, randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { type Client, type ClientOptions, NewClient } from "../../../src/index.js";
import type { Runtime } from "../../../src/process/runtime.js";
import { RawSocket } from "./raw-socket.js";

/** A plugin played by the test: a real socket, the exact bytes, and a process that is only said to exist. */
export class RawPlugin implements AsyncDisposable {
  readonly runtime: Runtime;
  /** What the host said to the process: "SIGTERM", "SIGKILL". */
  readonly signals: string[] = [];
  env: Readonly<Record<string, string>> = {};
  readonly #server: Server;
  readonly #connections: RawSocket[] = [];
  #waiting: (() => void)[] = [];
  #exit!: (exit: { exitCode: number | null; signal: NodeJS.Signals | null }) => void;
  readonly #exited = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    this.#exit = resolve;
  });

  private constructor(server: Server) {
    this.#server = server;
    server.on("connection", (socket: Socket) => {
      this.#connections.push(new RawSocket(socket));
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.runtime = {
      start: async ({ env }) => {
        this.env = env;
        const { port } = server.address() as AddressInfo;
        return {
          id: "raw",
          stdin: undefined,
          stdout: (async function* () {
            yield Buffer.from(`1|1|tcp|127.0.0.1:${port}|jsonrpc|\n`);
          })(),
          stderr: (async function* () {})(),
          exited: this.#exited,
          signal: (name) => {
            this.signals.push(name);
            this.exit(null, name);
          },
        };
      },
    };
  }

  static async listen(): Promise<RawPlugin> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new RawPlugin(server);
  }

  /** A client whose plugin this is. */
  client(options: Partial<ClientOptions> = {}): Client {
    return NewClient({ command: "raw-plugin", runtime: this.runtime, minPort: 0, maxPort: 0, killTimeoutMs: 100, ...options });
  }

  /** The next connection that the host makes. */
  async connection(): Promise<RawSocket> {
    while (this.#connections.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#connections.shift() as RawSocket;
  }

  /** The next connection, through the whole handshake, providing `members` (name to kind) of contract `name`. */
  async ready(name = "raw", members: Record<string, "method" | "notification" | "stream"> = { call: "method" }): Promise<RawSocket> {
    const socket = await this.connection();
    const { id, params } = await socket.message();
    const challenge = randomBytes(32).toString("hex");
    const proof = hmac(this.env["PLUGIN_SECRET"] as string, `plugin:${params.challenge}:${challenge}`);
    const provides = [{ name, members: Object.fromEntries(Object.entries(members).map(([member, kind]) => [member, { kind }])) }];
    socket.send({
      jsonrpc: "2.0",
      id,
      result: { protocolVersion: 1, apiVersion: 1, challenge, framing: "lines", proof, provides, events: [], actions: [] },
    });
    const ready = await socket.message();
    socket.send({ jsonrpc: "2.0", id: ready.id, result: {} });
    return socket;
  }

  /** Ends the process that is said to exist. */
  exit(exitCode: number | null = 0, signal: NodeJS.Signals | null = null): void {
    this.#exit({ exitCode, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.exit();
    for (const connection of this.#connections) connection.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function hmac(secretHex: string, text: string): string {
  return createHmac("sha256", Buffer.from(secretHex, "hex")).update(text).digest("hex");
}
