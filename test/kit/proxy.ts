import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Address } from "../../src/index.js";

/** A proxy on loopback that can turn into a black hole: both connections stay open, and nothing passes any more. */
export class LoopbackProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  /** How many connections the host has ended or given up. */
  hostGone = 0;
  #dark = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(target: Address): Promise<LoopbackProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new LoopbackProxy(server);
    server.on("connection", (near) => proxy.#join(near, target));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get address(): Address {
    return { network: "tcp", host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  /** From now on nothing passes, an end of a connection neither. */
  goDark(): void {
    this.#dark = true;
  }

  #join(near: Socket, target: Address): void {
    const far = target.network === "unix" ? connect(target.path) : connect(target.port, target.host);
    this.#sockets.push(near, far);
    let gone = false;
    for (const how of ["end", "close"]) {
      near.on(how, () => {
        if (!gone) this.hostGone++;
        gone = true;
      });
    }
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => {});
      from.on("data", (chunk) => this.#dark || to.write(chunk));
      from.on("end", () => this.#dark || to.end());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
