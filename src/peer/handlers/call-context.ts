import type { CallContext, Dispenser, PluginIdentity } from "../../contract/context.js";
import type { Scope } from "../references/scope.js";

/** Where the calls of a connection come from. */
export interface Origin {
  readonly peer: Dispenser;
  readonly plugin: PluginIdentity | undefined;
}

/** What a handler is told. The signal is made when the handler looks at it: most never do, and it costs more than a call. */
export class RunningContext implements CallContext {
  /** What the call borrowed, if its input held something to borrow. */
  readonly scope: Scope | undefined;
  /** The length of its message. */
  readonly heldBytes: number;
  readonly #origin: Origin;
  #controller: AbortController | undefined;
  #reason: unknown;
  #aborted = false;

  constructor(origin: Origin, scope?: Scope, heldBytes = 0) {
    this.#origin = origin;
    this.scope = scope;
    this.heldBytes = heldBytes;
  }

  get peer(): Dispenser {
    return this.#origin.peer;
  }

  get plugin(): PluginIdentity | undefined {
    return this.#origin.plugin;
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
