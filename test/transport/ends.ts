import { mkdtempSync, rmSync } from "node:fs";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PluginError } from "../../src/errors.js";
import { dial } from "../../src/transport/dial.js";
import { listen } from "../../src/transport/listen.js";
import type { Listener, ListenOptions } from "../../src/transport/listener.js";
import type { TlsOptions } from "../../src/transport/tls.js";
import type { TransportName } from "../../src/util/address.js";
import { systemClock } from "../../src/util/clock.js";
import type { Channel } from "../../src/wire/channel.js";
import type { Limits } from "../../src/wire/limits.js";
import { memoryChannels } from "../../src/wire/memory.js";
import { limitsOf } from "../kit/options.js";
import { RawSocket } from "../kit/raw/raw-socket.js";
import { RawWebSocket } from "./raw-websocket.js";

export const TRANSPORTS: readonly TransportName[] = ["tcp", "unix", "websocket"];

/** How a channel ended. */
interface End {
  readonly error: PluginError | undefined;
  readonly unwritten: number | undefined;
  /** With which the other side closed a WebSocket. */
  readonly code: number | undefined;
}

/** Who listens to a channel in a test: remembers, and can be waited for. */
export class Ear {
  readonly channel: Channel;
  /** What was handed over, each time. */
  readonly texts: string[] = [];
  readonly problems: string[] = [];
  drainedCount = 0;
  readonly closed: Promise<End>;
  #end!: (end: End) => void;
  #lines: string[] = [];
  #waiting: (() => void)[] = [];

  constructor(channel: Channel) {
    this.channel = channel;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
    channel.receive({
      lines: (text) => this.lines(text),
      drained: () => this.drained(),
      violated: (problem) => this.violated(problem),
      closed: (error, unwritten, code) => this.#end({ error, unwritten, code }),
    });
  }

  lines(text: string): void {
    this.texts.push(text);
    this.#lines.push(...text.split("\n"));
    this.#wake();
  }

  drained(): void {
    this.drainedCount++;
    this.#wake();
  }

  // As a peer does.
  violated(problem: string): void {
    this.problems.push(problem);
    this.channel.close(1008, problem);
  }

  async line(): Promise<string> {
    await this.until(() => this.#lines.length > 0);
    return this.#lines.shift() as string;
  }

  /** Waits until that is so; looked at whenever something happens here. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when everything sent was handed to the system. */
  drain(): Promise<void> {
    const before = this.drainedCount;
    return this.until(() => this.drainedCount > before);
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A listener of ours, and what comes to its door. */
export class Door implements AsyncDisposable {
  readonly listener: Listener;
  readonly #dir: string | undefined;
  readonly #arrived: Channel[];
  readonly #accepted: Channel[] = [];
  #waiting: (() => void)[];

  private constructor(listener: Listener, dir: string | undefined, arrived: Channel[], waiting: (() => void)[]) {
    this.listener = listener;
    this.#dir = dir;
    this.#arrived = arrived;
    this.#waiting = waiting;
  }

  static async open(transport: TransportName, limits: Limits = {}, tls?: TlsOptions, more: Partial<ListenOptions> = {}): Promise<Door> {
    const dir = transport === "unix" ? mkdtempSync(join(tmpdir(), "door-")) : undefined;
    const arrived: Channel[] = [];
    const waiting: (() => void)[] = [];
    const listener = await listen({
      transport,
      host: "127.0.0.1",
      minPort: 0,
      maxPort: 0,
      unixSocketDir: dir,
      limits: limitsOf(limits),
      tls,
      ...more,
      onChannel(channel) {
        arrived.push(channel);
        for (const wake of waiting.splice(0)) wake();
      },
    });
    return new Door(listener, dir, arrived, waiting);
  }

  /** Channels that have arrived and were not taken. */
  get waitingCount(): number {
    return this.#arrived.length;
  }

  /** The next channel that arrives. */
  async channel(): Promise<Channel> {
    while (this.#arrived.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const channel = this.#arrived.shift() as Channel;
    this.#accepted.push(channel);
    return channel;
  }

  get target(): NetConnectOpts {
    const { address } = this.listener;
    return address.network === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  }

  /** A connection of the test's own, in exact bytes. */
  async raw(): Promise<RawSocket | RawWebSocket> {
    if (this.listener.protocol === "jsonrpc+ws") return RawWebSocket.connect(this.target);
    return new RawSocket(connect(this.target));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const channel of [...this.#accepted, ...this.#arrived]) channel.close();
    await this.listener.close();
    if (this.#dir !== undefined) rmSync(this.#dir, { recursive: true });
  }
}

/** Both ends of one connection of ours; `near` dialled. Both have proven themselves. */
export async function pair(
  transport: TransportName | "memory",
  limits: Limits = {},
): Promise<{ readonly near: Ear; readonly far: Ear } & AsyncDisposable> {
  const door = transport === "memory" ? undefined : await Door.open(transport, limits);
  const resolved = limitsOf(limits);
  const [left, right] = await (async (): Promise<readonly Channel[]> => {
    if (door === undefined) return memoryChannels({ clock: systemClock, stallTimeoutMs: resolved.stallTimeoutMs });
    const { address, protocol } = door.listener;
    return Promise.all([
      dial(address, protocol, { limits: resolved, signal: new AbortController().signal, webSocket: { mask: "zeros" } }),
      door.channel(),
    ]);
  })();
  const near = new Ear(left as Channel);
  const far = new Ear(right as Channel);
  for (const { channel } of [near, far]) channel.allow?.(resolved.maxMessageBytes);
  return {
    near,
    far,
    async [Symbol.asyncDispose]() {
      near.channel.close();
      far.channel.close();
      await Promise.all([near.closed, far.closed]);
      await door?.[Symbol.asyncDispose]();
    },
  };
}

/** Breaks a TCP connection. Not resetAndDestroy(): that ends it in order first, which the other side may see before the reset. */
export function reset(socket: Socket): void {
  (socket as unknown as { readonly _handle: { reset(done: () => void): void } })._handle.reset(() => socket.destroy());
}
