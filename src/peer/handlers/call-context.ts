import type { CallContext, Dispenser } from "../../contract/views.js";
import type { Scope } from "../scope.js";

/** What a handler is told. The signal is made when somebody looks at it: most handlers never do, and it costs more than a call. */
export class RunningContext implements CallContext {
  readonly peer: Dispenser;
  /** What the call borrowed, if its input held something to borrow. */
  readonly scope: Scope | undefined;
  #controller: AbortController | undefined;
  #reason: unknown;
  #aborted = false;

  constructor(peer: Dispenser, scope?: Scope) {
    this.peer = peer;
    this.scope = scope;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
}
