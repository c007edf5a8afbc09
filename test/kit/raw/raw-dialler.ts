import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";

type Message = Readonly<Record<string, any>>;

/** A plugin that dials in by hand: nothing of it is ours. */
export class RawDialler {
  /** Code and reason of the close frame. */
  readonly closed: Promise<readonly [code: number, reason: string]>;
  readonly socket: WebSocket;
  readonly #messages: Message[] = [];
  readonly #waiting: ((message: Message | undefined) => void)[] = [];
  #next = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("message", (data) => {
      for (const line of String(data).split("\n")) {
        const message = JSON.parse(line) as Message;
        const wait = this.#waiting.shift();
        if (wait === undefined) this.#messages.push(message);
        else wait(message);
      }
    });
    this.closed = new Promise((resolve) => {
      socket.once("close", (code, reason) => {
        for (const wait of this.#waiting.splice(0)) wait(undefined);
        resolve([code, String(reason)]);
      });
    });
  }

  /** Opens a WebSocket; nothing is said yet. */
  static async open(url: string, options: ClientOptions = {}): Promise<RawDialler> {
    const socket = new WebSocket(url, { perMessageDeflate: false, ...options });
    const dialler = new RawDialler(socket);
    await once(socket, "open");
    return dialler;
  }

  /** The status and headers with which a request is refused. */
  static async refused(url: string, options: ClientOptions = {}): Promise<{ status: number; headers: Readonly<Record<string, unknown>> }> {
    const socket = new WebSocket(url, options);
    socket.on("error", () => {});
    const [request, response] = await once(socket, "unexpected-response");
    response.resume();
    request.destroy();
    return { status: response.statusCode, headers: response.headers };
  }

  /** Opens one and registers; resolves with the host's answer. */
  static async register(url: string, params: object, options?: ClientOptions): Promise<{ dialler: RawDialler; answer: Message }> {
    const dialler = await RawDialler.open(url, options);
    return { dialler, answer: await dialler.request("rpc.register", params) };
  }

  /** The same, and is ready. */
  static async ready(url: string, params: object): Promise<RawDialler> {
    const { dialler, answer } = await RawDialler.register(url, params);
    if (answer["result"] === undefined) throw new Error(`not taken in: ${JSON.stringify(answer)}`);
    dialler.notify("rpc.ready");
    return dialler;
  }

  send(message: object | string): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  notify(method: string, params?: object): void {
    this.send({ jsonrpc: "2.0", method, params });
  }

  /** Resolves with the next message, which is to be the answer. */
  async request(method: string, params?: object): Promise<Message> {
    this.send({ jsonrpc: "2.0", id: this.#next++, method, params });
    return (await this.message()) as Message;
  }

  answer(id: unknown, result: unknown): void {
    this.send({ jsonrpc: "2.0", id, result });
  }

  /** The next message; undefined if the connection ends before. */
  message(): Promise<Message | undefined> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.socket.readyState === WebSocket.CLOSED) return Promise.resolve(undefined);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(code = 1000): Promise<void> {
    this.socket.close(code);
    await this.closed;
  }
}
