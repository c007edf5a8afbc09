/** Answers a message of the protocol's own, by its input; throws a JSONRPCErrorException to answer with a code of its choice. */
export type ReservedHandler = (input: unknown) => unknown;

/** The one message that may come next. */
export interface Step {
  readonly kind: "request" | "notification";
  readonly method: string;
  readonly handler: ReservedHandler;
  /** Called right after the request's result was sent. */
  readonly onAnswered?: (() => void) | undefined;
  /** Called with what the handler threw: of a request, right after its error was sent. */
  readonly onRefused?: ((error: unknown) => void) | undefined;
}

/**
 * What may come from the other side: nothing before it has proven itself, one message where a step of a handshake is expected, and
 * anything else. Answers to calls of this side may come at any time. What comes out of order closes the connection.
 */
export class Gate {
  /** True where anything may come. */
  isOpen = false;
  #isTrusted = false;
  #step: Step | undefined;

  /** True once the other side has proven itself. */
  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  trust(): void {
    this.#isTrusted = true;
    this.isOpen = this.#step === undefined;
  }

  /** Lets that message in, once, and nothing else until it has come; also where the other side has proven itself before. */
  expect(step: Step): void {
    this.#step = step;
    this.isOpen = false;
  }

  admits(kind: Step["kind"], method: string): boolean {
    return this.isOpen || (this.#step?.method === method && this.#step.kind === kind);
  }

  /** The expected step, if this message is it. It is taken once, whatever becomes of it. */
  take(kind: Step["kind"], method: string): Step | undefined {
    const step = this.#step;
    if (step === undefined || step.method !== method || step.kind !== kind) return undefined;
    this.#step = undefined;
    this.isOpen = this.#isTrusted;
    return step;
  }

  /** Why something may not come now, as the end of a sentence: `it sent … before it had proven itself`. */
  get reason(): string {
    return this.#isTrusted && this.#step !== undefined ? `where only "${this.#step.method}" may come` : "before it had proven itself";
  }
}
