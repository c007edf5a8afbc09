import type { PluginError } from "../../src/errors.js";
import { PeerConnection } from "../../src/peer/connection.js";
import type { PeerOptions } from "../../src/peer/peer-options.js";
import type { Provided } from "../../src/peer/provided.js";
import type { Channel, Receiver } from "../../src/wire/channel.js";
import type { Limits } from "../../src/wire/limits.js";
import { FakeClock } from "./fake-clock.js";
import { memoryLogger } from "./fixtures.js";
import { limitsOf } from "./options.js";

/** A channel whose other side is the test: what was sent is seen, and what is read is said, at once. */
export class ScriptChannel implements Channel {
  readonly sent: string[] = [];
  /** What send() says of the bytes that the system has not taken. */
  unsent = 0;
  paused = false;
  ended = false;
  /** What close() was told, once. */
  closedWith: readonly [code: number | undefined, reason: string | undefined] | undefined;
  #receiver!: Receiver;

  send(message: string): number {
    if (!this.ended) this.sent.push(message);
    return this.unsent;
  }

  receive(receiver: Receiver): void {
    this.#receiver = receiver;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(code?: number, reason?: string): void {
    if (this.ended) return;
    this.ended = true;
    this.closedWith = [code, reason];
    queueMicrotask(() => this.#receiver.closed(undefined, 0));
  }

  /** What was sent since the last look, parsed. */
  take(): any[] {
    return this.sent.splice(0).map((text) => JSON.parse(text));
  }

  /** The other side says something. */
  say(...messages: unknown[]): void {
    this.#receiver.lines(messages.map((message) => (typeof message === "string" ? message : JSON.stringify(message))).join("\n"));
  }

  answer(id: unknown, result: unknown): void {
    this.say({ jsonrpc: "2.0", id, result });
  }

  fail(id: unknown, error: unknown): void {
    this.say({ jsonrpc: "2.0", id, error });
  }

  drained(): void {
    this.unsent = 0;
    this.#receiver.drained?.();
  }

  /** The connection ends, unasked; `unwritten` of the last messages never left; `code` is a WebSocket's. */
  end(error?: PluginError, unwritten = 0, code?: number): void {
    this.ended = true;
    this.#receiver.closed(error, unwritten, code);
  }
}

export interface Scripted {
  readonly connection: PeerConnection;
  readonly channel: ScriptChannel;
  readonly clock: FakeClock;
  readonly logger: ReturnType<typeof memoryLogger>;
}

/** An open, proven connection whose other side is the test. */
export function scripted({
  limits,
  provided = [],
  ...options
}: Partial<Omit<PeerOptions, "limits">> & { readonly limits?: Limits; readonly provided?: readonly Provided[] } = {}): Scripted {
  const channel = new ScriptChannel();
  const clock = new FakeClock();
  const logger = memoryLogger();
  const defaults = { clock, logger, validate: true, callTimeoutMs: 60_000, other: 'plugin "kv"' };
  const connection = new PeerConnection(channel, { ...defaults, ...options, limits: limitsOf(limits) });
  connection.learn({ provided });
  connection.peer.trust();
  connection.peer.activate();
  return { connection, channel, clock, logger };
}

/** Lets every promise that can settle do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** How a promise settled: remembers it, so that a test may look without waiting. */
export function outcome(promise: Promise<unknown>): { state: "pending" | "resolved" | "rejected"; value: any; times: number } {
  const seen = { state: "pending" as "pending" | "resolved" | "rejected", value: undefined as any, times: 0 };
  promise.then(
    (value) => Object.assign(seen, { state: "resolved", value, times: seen.times + 1 }),
    (error: unknown) => Object.assign(seen, { state: "rejected", value: error, times: seen.times + 1 }),
  );
  return seen;
}
