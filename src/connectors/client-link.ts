import { PluginError } from "../errors.js";
import { addAbortTask, removeAbortTask } from "../util/abort.js";
import { type Clock, systemClock } from "../util/clock.js";
import { type Deferred, deferred } from "../util/deferred.js";
import { dialOnce } from "./dial.js";
import type { Link, LinkOwner } from "./link.js";
import type { ResolvedClientOptions } from "./options/client-options.js";
import { RetryCounter } from "./retry.js";

/** Keeps one connection to a server, as `reconnect` says. */
export class ClientLink implements Link {
  readonly role = "ws_client";
  readonly shown: string;
  readonly address = undefined;
  readonly #options: ResolvedClientOptions;
  readonly #clock: Clock;
  readonly #retry: RetryCounter;
  readonly #closed = new AbortController();
  #owner: LinkOwner | undefined;
  #isConnected = false;
  /** Runs while it has no connection, and wants one. */
  #connecting: Deferred<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(options: ResolvedClientOptions, clock: Clock = systemClock, random?: () => number) {
    this.shown = `the WebSocket client of "${options.place.shown}"`;
    this.#options = options;
    this.#clock = clock;
    this.#retry = new RetryCounter(options.reconnect, random);
  }

  open(owner: LinkOwner): Promise<void> {
    this.#owner = owner;
    return this.#connect(undefined);
  }

  resume(): Promise<void> {
    if (this.#isConnected) return Promise.resolve();
    if (this.#connecting === undefined) {
      this.#retry.reset();
      return this.#connect(undefined);
    }
    this.#wake?.();
    return this.#connecting.promise;
  }

  lost(problem: string): void {
    this.#isConnected = false;
    this.#owner?.connectivityIs("disconnected");
    if (this.#closed.signal.aborted || this.#owner?.mayConnect !== true) return;
    const failure = this.#failure(`the connection was lost: ${problem}`);
    this.#connect(failure).catch((error: PluginError) => this.#owner?.failed(error));
  }

  async close(): Promise<void> {
    this.#closed.abort(new PluginError("CONNECTION_CLOSED", `Cannot connect ${this.shown}: it was stopped`));
    this.#wake?.();
    await this.#connecting?.promise.catch(() => {});
  }

  /** @param lost Why there is no connection any more: the first try comes after a wait. Undefined: at once. */
  #connect(lost: PluginError | undefined): Promise<void> {
    const connecting = deferred<void>();
    this.#connecting = connecting;
    const settle = (how: () => void): void => {
      this.#connecting = undefined;
      how();
    };
    this.#tryUntilConnected(lost).then(
      () => settle(connecting.resolve),
      (error: unknown) => settle(() => connecting.reject(error)),
    );
    return connecting.promise;
  }

  async #tryUntilConnected(lost: PluginError | undefined): Promise<void> {
    const { signal } = this.#closed;
    let failure = lost;
    for (;;) {
      if (failure !== undefined) await this.#wait(failure);
      signal.throwIfAborted();
      // Somebody has paused it meanwhile: resume() begins anew.
      if (this.#owner?.mayConnect !== true) return;
      try {
        return await this.#dial(signal);
      } catch (cause) {
        signal.throwIfAborted();
        this.#retry.fail();
        failure = this.#failure(problemOf(cause), cause);
      }
    }
  }

  /** @throws {PluginError} The failure, where there is no other try. */
  #wait(failure: PluginError): Promise<void> {
    const delayMs = this.#retry.next();
    if (delayMs === undefined) throw failure;
    return new Promise((resolve) => {
      const stop = this.#clock.afterHolding(delayMs, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = undefined;
        stop();
        resolve();
      };
    });
  }

  #dial(signal: AbortSignal): Promise<void> {
    const { stream, tls } = this.#options;
    const attempt = new AbortController();
    const abort = (): void => attempt.abort(signal.reason);
    addAbortTask(signal, abort);
    const stop = this.#clock.after(stream.handshakeTimeoutMs, () =>
      attempt.abort(new Error(`there was no WebSocket after ${stream.handshakeTimeoutMs} ms`)),
    );
    return dialOnce(this.#options, attempt.signal, (webSocket, socket) => {
      this.#isConnected = true;
      this.#retry.reset();
      this.#owner?.connected(webSocket, socket, tls !== undefined);
      this.#owner?.connectivityIs("connected");
    }).finally(() => {
      stop();
      removeAbortTask(signal, abort);
    });
  }

  #failure(problem: string, cause?: unknown): PluginError {
    const tries = this.#retry.failed > 1 ? ` (${this.#retry.failed} tries in a row)` : "";
    return new PluginError("UNREACHABLE", `Cannot connect ${this.shown}: ${problem}${tries}`, { cause });
  }
}

function problemOf(cause: unknown): string {
  // Of a name with several addresses, each was tried.
  if (cause instanceof AggregateError && cause.message === "") return cause.errors.map(problemOf).join("; ");
  return cause instanceof Error ? cause.message : String(cause);
}
