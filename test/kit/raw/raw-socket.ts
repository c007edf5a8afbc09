import type { Socket } from "node:net";

/** A socket read by the line, and written byte by byte: what a test speaks the wire with. */
export class RawSocket {
  readonly socket: Socket;
  /** Resolves with "end" or the error's code when the socket is gone. */
  readonly closed: Promise<string>;
  #text = "";
  /** False once it was searched for a newline in vain: to search 20 MB again at each chunk takes seconds. */
  #hasLine = false;
  #waiting: (() => void)[] = [];
  #ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
    let how = "end";
    socket.on("error", (error: NodeJS.ErrnoException) => {
      how = error.code ?? error.message;
    });
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      this.#text += chunk;
      this.#hasLine ||= chunk.includes("\n");
      this.#wake();
    });
    // Not events.once(): that rejects at an error, and a reset is one.
    this.closed = new Promise<void>((resolve) => socket.once("close", () => resolve())).then(() => {
      this.#ended = true;
      this.#wake();
      return how;
    });
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Sends a value as one line. */
  send(message: unknown): void {
    this.write(`${JSON.stringify(message)}\n`);
  }

  /** The next line, as text; undefined once the other side has ended. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const newline = this.#hasLine ? this.#text.indexOf("\n") : -1;
      if (newline >= 0) {
        const line = this.#text.slice(0, newline);
        this.#text = this.#text.slice(newline + 1);
        return line;
      }
      this.#hasLine = false;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The next message, parsed. */
  async message(): Promise<any> {
    const line = await this.line();
    return line === undefined ? undefined : JSON.parse(line);
  }

  /** The next frame: its kind and its body. Call readBytes() before the first of them can arrive. */
  async frame(): Promise<{ readonly kind: number; readonly body: Buffer } | undefined> {
    const head = await this.#take(5);
    const body = head && (await this.#take(head.readUInt32BE(0) - 1));
    return head && body && { kind: head[4] as number, body };
  }

  /** From now on a character is a byte: what is beyond ASCII arrives as it is, in frames. */
  readBytes(): this {
    this.socket.setEncoding("latin1");
    return this;
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #take(length: number): Promise<Buffer | undefined> {
    while (this.#text.length < length) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const bytes = Buffer.from(this.#text.slice(0, length), "latin1");
    this.#text = this.#text.slice(length);
    return bytes;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
