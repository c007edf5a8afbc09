import type { CallOptions } from "../../contract/views.js";
import type { Clock } from "../../util/clock.js";
import { isUsers, type Meta } from "../../wire/messages.js";
import { type Lender, lendNothing } from "../../wire/references/extract.js";
import { WriteError } from "../errors/write-error.js";
import { NOTIFICATION, REQUEST } from "../messages/message-kinds.js";
import type { MessageWriter, OutgoingMessage } from "../messages/message-writer.js";
import type { Lending } from "../references/lending.js";
import { Scope } from "../references/scope.js";
import type { Tracing } from "../tracing.js";
import type { PendingCall } from "./pending-calls.js";
import { unwrittenCall } from "./unwritten-call.js";

export interface CallMessagesOptions {
  readonly clock: Clock;
  readonly tracing?: Tracing | undefined;
}

/** The messages of the calls and notifications that this side makes: with the trace they belong to, and what their inputs lend. */
export class CallMessages {
  readonly #writer: MessageWriter;
  readonly #lending: Lending;
  readonly #clock: Clock;
  readonly #tracing: Tracing | undefined;

  constructor(writer: MessageWriter, lending: Lending, { clock, tracing }: CallMessagesOptions) {
    this.#writer = writer;
    this.#lending = lending;
    this.#clock = clock;
    this.#tracing = tracing;
  }

  /** @throws {PluginError} The input cannot be sent; `BUSY` if it can be later. */
  request(call: PendingCall, method: string, input: unknown, options: CallOptions | undefined): OutgoingMessage {
    const meta = this.#tracing === undefined ? undefined : activeTrace(this.#tracing, method);
    try {
      return (
        this.#writer.plain(REQUEST, call.id, method, input, meta) ??
        this.#writer.special(REQUEST, call.id, method, input, this.#lender(call, method, options), meta)
      );
    } catch (error) {
      throw errorOf(call.method, error);
    }
  }

  /** As request(). A notification has no end until which something could be lent. */
  notification(method: string, input: unknown): OutgoingMessage {
    const meta = this.#tracing === undefined ? undefined : activeTrace(this.#tracing, method);
    try {
      return (
        this.#writer.plain(NOTIFICATION, undefined, method, input, meta) ??
        this.#writer.special(NOTIFICATION, undefined, method, input, lendNothing, meta)
      );
    } catch (error) {
      throw errorOf(method, error);
    }
  }

  #lender(call: PendingCall, method: string, options: CallOptions | undefined): Lender {
    if (!isUsers(method)) return lendNothing;
    call.scope = new Scope();
    const onUse = options?.progressResetsTimeout === true ? this.#extension(call, options) : () => {};
    return this.#lending.lender(call.scope, call.method, onUse);
  }

  /** Moves a call's deadline each time that it shows progress, up to its own cap. */
  #extension(call: PendingCall, { maxTotalMs = Number.POSITIVE_INFINITY }: CallOptions): () => void {
    const clock = this.#clock;
    const { timeoutMs } = call;
    const cap = clock.now() + maxTotalMs;
    return () => {
      const deadline = clock.now() + timeoutMs;
      call.deadline = Math.min(deadline, cap);
      // For the sentence: from now on it is all of its time that may pass.
      if (deadline > cap) call.timeoutMs = maxTotalMs;
    };
  }
}

// The protocol's own calls are part of no trace, and the first of them go to a side that has not proven itself.
function activeTrace(tracing: Tracing, method: string): Meta | undefined {
  return isUsers(method) ? tracing.active() : undefined;
}

function errorOf(label: string, thrown: unknown): unknown {
  const fault = WriteError.faultOf(thrown);
  return fault === undefined ? thrown : unwrittenCall(label, fault);
}
