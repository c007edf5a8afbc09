import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type NetConnectOpts, type Socket } from "node:net";

/** A frame as it is on the wire. */
export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly fin: boolean;
}
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;

/** The bytes of one frame; `rsv` are the three reserved bits, `announced` the length that it claims to have. */
export function frameBytes(
  payload: string | Uint8Array,
  options: { opcode?: number; fin?: boolean; rsv?: number; mask?: boolean; announced?: bigint } = {},
): Buffer {
  const { opcode = TEXT, fin = true, rsv = 0, mask = true } = options;
  const body = Buffer.from(payload);
  const length = options.announced ?? BigInt(body.length);
  const head = Buffer.alloc(length < 126n ? 2 : length < 65_536n ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  head[1] = (mask ? 0x80 : 0) | (length < 126n ? Number(length) : length < 65_536n ? 126 : 127);
  if (head.length === 4) head.writeUInt16BE(Number(length), 2);
  if (head.length === 10) head.writeBigUInt64BE(length, 2);
  if (!mask) return Buffer.concat([head, body]);
  const key = randomBytes(4);
  return Buffer.concat([head, key, unmask(body, key)]);
}

function unmask(body: Buffer, key: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(body.length);
  for (let index = 0; index < body.length; index++) plain[index] = (body[index] as number) ^ (key[index & 3] as number);
  return plain;
}

/** A WebSocket of the test's own, either end, down to the bits of each frame. Read by the line, like a RawSocket. */
export class RawWebSocket {
  readonly socket: Socket;
  /** Resolves with "end" or the error's code when the socket is gone. */
  readonly closed: Promise<string>;
  /** The other side's close frame. */
  closeCode: number | undefined;
  closeReason = "";
  /** The head of the request or answer that the other side opened with. */
  head = "";
  readonly #masks: boolean;
  #bytes = Buffer.alloc(0);
  /** What has come since, and how long both must be to be looked at: to join 20 MB again at each chunk takes seconds. */
  #chunks: Buffer[] = [];
  #come = 0;
  #needed = 0;
  #lines: string[] = [];
  #waiting: (() => void)[] = [];
  #ended = false;

  private constructor(socket: Socket, masks: boolean) {
    this.socket = socket;
    this.#masks = masks;
    let how = "end";
    socket.on("error", (error: NodeJS.ErrnoException) => {
      how = error.code ?? error.message;
    });
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#come += chunk.length;
      if (this.#come >= this.#needed) this.#wake();
    });
    // Not once(): that rejects at an error, which comes before.
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#ended = true;
        this.#wake();
        resolve(how);
      });
    });
  }

  /** Connects and asks for an upgrade. Resolves with the answer's head read, whatever it says. */
  static async connect(to: NetConnectOpts, headers: Readonly<Record<string, string>> = {}): Promise<RawWebSocket> {
    const socket = connect(to);
    await once(socket, "connect");
    return RawWebSocket.over(socket, headers);
  }

  /** The same on a socket that is connected, as below TLS. */
  static async over(socket: Socket, headers: Readonly<Record<string, string>> = {}): Promise<RawWebSocket> {
    const raw = new RawWebSocket(socket, true);
    const all = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Key": randomBytes(16).toString("base64"), ...headers };
    const lines = Object.entries({ Host: "plugin", "Sec-WebSocket-Version": "13", ...all }).map(([name, value]) => `${name}: ${value}`);
    socket.write(["GET / HTTP/1.1", ...lines, "", ""].join("\r\n"));
    await raw.#readHead();
    return raw;
  }

  /** The other end: takes an upgrade on a socket that was accepted. */
  static async accept(socket: Socket, headers = ""): Promise<RawWebSocket> {
    const raw = new RawWebSocket(socket, false);
    await raw.#readHead();
    const key = /^sec-websocket-key: (.+)\r$/im.exec(raw.head)?.[1];
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(`HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${headers}\r\n`);
    return raw;
  }

  /** Writes bytes that are frames, or are not. */
  bytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Sends lines as one text frame. */
  text(lines: string | Uint8Array): void {
    this.bytes(frameBytes(lines, { mask: this.#masks }));
  }

  send(message: unknown): void {
    this.text(JSON.stringify(message));
  }

  /** The next frame; undefined once the other side has ended. */
  async frame(): Promise<Frame | undefined> {
    for (;;) {
      const frame = this.#takeFrame();
      if (frame !== undefined || this.#ended) return frame;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The next line of the text frames; undefined after a close frame, or the end. */
  async line(): Promise<string | undefined> {
    const fragments: Buffer[] = [];
    while (this.#lines.length === 0) {
      const frame = await this.frame();
      if (frame === undefined || frame.opcode === CLOSE) return undefined;
      fragments.push(frame.payload);
      if (frame.fin) this.#lines.push(...Buffer.concat(fragments).toString().replace(/\n$/, "").split("\n"));
    }
    return this.#lines.shift();
  }

  async message(): Promise<any> {
    const line = await this.line();
    return line === undefined ? undefined : JSON.parse(line);
  }

  destroy(): void {
    this.socket.destroy();
  }

  async #readHead(): Promise<void> {
    for (;;) {
      const end = this.#join().indexOf("\r\n\r\n");
      if (end >= 0) {
        this.head = this.#bytes.toString("latin1", 0, end + 2);
        this.#drop(end + 4);
        return;
      }
      if (this.#ended) return;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #takeFrame(): Frame | undefined {
    if (this.#come < this.#needed) return undefined;
    this.#needed = 0;
    const bytes = this.#join();
    if (bytes.length < 2) return undefined;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    let at = short === 126 ? 4 : short === 127 ? 10 : 2;
    const isMasked = (second & 0x80) !== 0;
    if (bytes.length < at + (isMasked ? 4 : 0)) return undefined;
    const length = short === 126 ? bytes.readUInt16BE(2) : short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
    const key = isMasked ? bytes.subarray(at, (at += 4)) : undefined;
    if (bytes.length < at + length) {
      this.#needed = at + length;
      return undefined;
    }
    const body = bytes.subarray(at, at + length);
    const payload = key === undefined ? body : unmask(body, key);
    this.#drop(at + length);
    const frame = { opcode: first & 0x0f, payload, fin: (first & 0x80) !== 0 };
    if (frame.opcode === CLOSE) this.#noteClose(payload);
    return frame;
  }

  #join(): Buffer {
    if (this.#chunks.length > 0) this.#bytes = Buffer.concat([this.#bytes, ...this.#chunks.splice(0)]);
    return this.#bytes;
  }

  #drop(count: number): void {
    this.#bytes = this.#bytes.subarray(count);
    this.#come -= count;
  }

  #noteClose(payload: Buffer): void {
    this.closeCode = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
    this.closeReason = payload.toString("utf8", 2);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
