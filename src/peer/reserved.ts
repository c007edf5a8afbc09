import { decodeInput, encodeError, encodeResult } from "../wire/encode.js";
import { JSONRPCErrorException, WireCode } from "../wire/error-codes.js";
import { CANCEL, CREDIT, END, type Id, LOG, PING } from "../wire/messages.js";
import { toWireError } from "./errors/remote-error.js";
import type { Dispatcher } from "./handlers/dispatcher.js";
import type { RemoteLog } from "./remote-log.js";
import type { Streams } from "./streams/streams.js";

/** Responses one of the protocol's own methods, by its input; throws a JSONRPCErrorException to answer with a code of its choice. */
export type ReservedHandler = (input: unknown) => unknown;

/** The request that is taken next from a peer that has not proven itself. */
interface Step {
  readonly method: string;
  readonly handler: ReservedHandler;
  /** Called right after its result was sent; not after an error. */
  readonly onAnswered: (() => void) | undefined;
}

/** The `rpc.*` methods that this side answers, and the steps of a handshake that it waits for. */
export class ReservedMethods {
  readonly #handlers = new Map<string, ReservedHandler>();
  readonly #running = new Set<Id>();
  readonly #send: (message: string) => void;
  #expected: Step | undefined;

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  set(method: string, handler: ReservedHandler): void {
    this.#handlers.set(method, handler);
  }

  /** Responses what any conversation may ask. */
  serve(dispatcher: Dispatcher, streams: Streams, log: RemoteLog): void {
    this.set(PING, () => "pong");
    this.set(CANCEL, (input) => {
      const { id, stream } = (input ?? {}) as { id?: unknown; stream?: unknown };
      if (stream === undefined) dispatcher.cancel(id);
      else streams.cancel(stream);
    });
    this.set(END, (input) => streams.end(input));
    this.set(CREDIT, (input) => streams.credit(input));
    this.set(LOG, (input) => log.take(input));
  }

  /**
   * Takes that request once, from a peer that has not yet proven itself, and no other.
   * @param onAnswered Called right after its result was sent; not after an error.
   */
  expect(method: string, handler: ReservedHandler, onAnswered?: () => void): void {
    this.#expected = { method, handler, onAnswered };
  }

  isExpected(method: string): boolean {
    return this.#expected?.method === method;
  }

  isRunning(id: Id): boolean {
    return this.#running.has(id);
  }

  request(id: Id, method: string, params: unknown): void {
    const step = this.#takeStep(method);
    const handler = step?.handler ?? this.#handlers.get(method);
    if (handler === undefined) {
      const message = `Cannot run "${method.slice(0, 128)}": the protocol has no such method here`;
      return this.#send(encodeError(id, { code: WireCode.notProvided, message }));
    }
    let value: unknown;
    try {
      value = handler(step === undefined ? inputOf(method, params) : stepInput(params));
    } catch (error) {
      return this.#fail(id, error);
    }
    if (!(value instanceof Promise)) return this.#send(encodeResult(id, value));
    this.#running.add(id);
    value.then(
      (result) =>
        this.#settle(id, () => {
          this.#send(encodeResult(id, result));
          step?.onAnswered?.();
        }),
      (error: unknown) => this.#settle(id, () => this.#fail(id, error)),
    );
  }

  /** As a request, with nobody to answer. An unknown one is ignored. */
  notification(method: string, params: unknown): void {
    try {
      const value = this.#handlers.get(method)?.(decodeInput(params));
      if (value instanceof Promise) value.catch(() => {});
    } catch {
      // The other side asked for no answer, and what it said could not be used.
    }
  }

  // It is taken once, whatever becomes of it.
  #takeStep(method: string): Step | undefined {
    if (!this.isExpected(method)) return undefined;
    const step = this.#expected;
    this.#expected = undefined;
    return step;
  }

  #settle(id: Id, answer: () => void): void {
    this.#running.delete(id);
    answer();
  }

  #fail(id: Id, error: unknown): void {
    this.#send(encodeError(id, error instanceof JSONRPCErrorException ? error.toObject() : toWireError(error)));
  }
}

/** The one value that the params of a method of the protocol's own carry. @throws {JSONRPCErrorException} They carry more. */
export function inputOf(method: string, params: unknown): unknown {
  try {
    return decodeInput(params);
  } catch (error) {
    const message = `Cannot run "${method}": ${(error as Error).message}`;
    throw new JSONRPCErrorException(message, WireCode.invalidInput, { issues: [{ message }] });
  }
}

// Who has not proven itself is told no more than by a hello or a proof that is none.
function stepInput(params: unknown): unknown {
  return Array.isArray(params) && params.length > 1 ? undefined : decodeInput(params);
}
