import { decodeInput, encodeError, encodeResult } from "../wire/encode.js";
import { JSONRPCErrorException, WireCode } from "../wire/error-codes.js";
import { CANCEL, CREDIT, END, type Id, LOG, PING } from "../wire/messages.js";
import { toWireError } from "./errors/remote-error.js";
import type { Gate, ReservedHandler, Step } from "./gate.js";
import type { Dispatcher } from "./handlers/dispatcher.js";
import type { ReplySender } from "./messages/reply-sender.js";
import type { RemoteLog } from "./remote-log.js";
import type { StreamReaders } from "./streams/stream-readers.js";
import type { StreamWriters } from "./streams/stream-writers.js";

/** What any conversation may ask for, and what does it. */
export interface ReservedParts {
  readonly dispatcher: Dispatcher;
  readonly writers: StreamWriters;
  readonly readers: StreamReaders;
  readonly log: RemoteLog;
}

/** The `rpc.*` methods that this side answers, and the steps of a handshake that its gate lets in. */
export class ReservedMethods {
  /** The ids of requests that run. */
  readonly running: Set<Id> = new Set();
  readonly #handlers = new Map<string, ReservedHandler>();
  readonly #replies: Pick<ReplySender, "send">;
  readonly #gate: Gate;

  constructor(replies: Pick<ReplySender, "send">, gate: Gate) {
    this.#replies = replies;
    this.#gate = gate;
  }

  set(method: string, handler: ReservedHandler): void {
    this.#handlers.set(method, handler);
  }

  /** Answers what any conversation may ask. */
  serve({ dispatcher, writers, readers, log }: ReservedParts): void {
    this.set(PING, () => "pong");
    this.set(CANCEL, (input) => {
      const { id, stream } = (input ?? {}) as { id?: unknown; stream?: unknown };
      if (stream === undefined) dispatcher.cancel(id);
      else writers.cancel(stream);
    });
    this.set(END, (input) => readers.end(input));
    this.set(CREDIT, (input) => writers.credit(input));
    this.set(LOG, (input) => log.take(input));
  }

  request(id: Id, method: string, params: unknown): void {
    const step = this.#gate.take("request", method);
    const handler = step?.handler ?? this.#handlers.get(method);
    if (handler === undefined) {
      const message = `Cannot run "${method.slice(0, 128)}": the protocol has no such method here`;
      return this.#replies.send(encodeError(id, { code: WireCode.notProvided, message }));
    }
    let value: unknown;
    try {
      value = handler(step === undefined ? inputOf(method, params) : stepInput(params));
    } catch (error) {
      return this.#fail(id, error, step);
    }
    if (!(value instanceof Promise)) return this.#answer(id, value, step);
    this.running.add(id);
    value
      .finally(() => this.running.delete(id))
      .then(
        (result) => this.#answer(id, result, step),
        (error: unknown) => this.#fail(id, error, step),
      );
  }

  /** As a request that is not answered. One that is not known is ignored. */
  notification(method: string, params: unknown): void {
    const step = this.#gate.take("notification", method);
    const handler = step?.handler ?? this.#handlers.get(method);
    // The other side asked for no answer: what it said and could not be used is ignored, but for a step of a handshake.
    const refuse = (error: unknown): void => step?.onRefused?.(error);
    try {
      const value = handler?.(step === undefined ? decodeInput(params) : stepInput(params));
      if (value instanceof Promise) value.catch(refuse);
    } catch (error) {
      refuse(error);
    }
  }

  #answer(id: Id, result: unknown, step: Step | undefined): void {
    this.#replies.send(encodeResult(id, result));
    step?.onAnswered?.();
  }

  #fail(id: Id, error: unknown, step: Step | undefined): void {
    this.#replies.send(encodeError(id, exceptionIn(error)?.toObject() ?? toWireError(error)));
    step?.onRefused?.(error);
  }
}

// What a user's `configure` or `health` throws may be a proxy that throws at every look.
function exceptionIn(thrown: unknown): JSONRPCErrorException | undefined {
  try {
    return thrown instanceof JSONRPCErrorException ? thrown : undefined;
  } catch {
    return undefined;
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

// A side that has not proven itself learns no more from this than from a hello or a proof that is none.
function stepInput(params: unknown): unknown {
  return Array.isArray(params) && params.length > 1 ? undefined : decodeInput(params);
}
