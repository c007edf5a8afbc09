import type { Logger } from "../util/logger.js";
import { encodeError, encodeResult } from "../wire/encode.js";
import { JSONRPCErrorException, WireCode } from "../wire/error-codes.js";
import { CANCEL, CREDIT, END, type Id, LOG, PING } from "../wire/messages.js";
import type { Dispatcher } from "./dispatcher.js";
import { toWireError } from "./remote-error.js";
import { logRemote } from "./remote-log.js";
import type { Streams } from "./streams.js";

/** Answers one of the protocol's own methods; throws a JSONRPCErrorException to answer with a code of its choice. */
export type ReservedHandler = (params: unknown) => unknown;

/** The `rpc.*` methods that this side answers, and the steps of a handshake that it waits for. */
export class ReservedMethods {
  readonly #handlers = new Map<string, ReservedHandler>();
  readonly #running = new Set<Id>();
  readonly #send: (message: string) => void;
  #expected: string | undefined;
  #onAnswered: (() => void) | undefined;

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  set(method: string, handler: ReservedHandler): void {
    this.#handlers.set(method, handler);
  }

  /** Answers what any conversation may ask. */
  serve(dispatcher: Dispatcher, streams: Streams, logger: Logger): void {
    this.set(PING, () => "pong");
    this.set(CANCEL, (params) => {
      const { id, stream } = (params ?? {}) as { id?: unknown; stream?: unknown };
      if (stream === undefined) dispatcher.cancel(id);
      else streams.cancel(stream);
    });
    this.set(END, (params) => streams.end(params));
    this.set(CREDIT, (params) => streams.credit(params));
    this.set(LOG, (params) => logRemote(params, logger));
  }

  /**
   * Takes that request once, from a peer that has not yet proven itself, and no other.
   * @param onAnswered Called right after its result was sent; not after an error.
   */
  expect(method: string, handler: ReservedHandler, onAnswered?: () => void): void {
    this.#expected = method;
    this.#handlers.set(method, (params) => {
      this.#onAnswered = onAnswered;
      this.#expected = undefined;
      this.#handlers.delete(method);
      return handler(params);
    });
  }

  isExpected(method: string): boolean {
    return this.#expected === method;
  }

  isRunning(id: Id): boolean {
    return this.#running.has(id);
  }

  request(id: Id, method: string, params: unknown): void {
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      const message = `Cannot run "${method.slice(0, 128)}": the protocol has no such method here`;
      return this.#send(encodeError(id, { code: WireCode.notProvided, message }));
    }
    let value: unknown;
    try {
      value = handler(params);
    } catch (error) {
      return this.#fail(id, error);
    }
    if (!(value instanceof Promise)) return this.#send(encodeResult(id, value));
    const onAnswered = this.#onAnswered;
    this.#onAnswered = undefined;
    this.#running.add(id);
    value.then(
      (result) =>
        this.#settle(id, () => {
          this.#send(encodeResult(id, result));
          onAnswered?.();
        }),
      (error: unknown) => this.#settle(id, () => this.#fail(id, error)),
    );
  }

  /** As a request, with nobody to answer. An unknown one is ignored. */
  notification(method: string, params: unknown): void {
    try {
      const value = this.#handlers.get(method)?.(params);
      if (value instanceof Promise) value.catch(() => {});
    } catch {
      // The other side asked for no answer, and what it said could not be used.
    }
  }

  #settle(id: Id, answer: () => void): void {
    this.#running.delete(id);
    answer();
  }

  #fail(id: Id, error: unknown): void {
    this.#send(encodeError(id, error instanceof JSONRPCErrorException ? error.toObject() : toWireError(error)));
  }
}
