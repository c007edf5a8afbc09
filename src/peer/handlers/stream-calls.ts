import { PluginError } from "../../errors.js";
import { WireCode } from "../../wire/error-codes.js";
import type { Id } from "../../wire/messages.js";
import { closeUnread } from "../streams/stream-source.js";
import type { StreamWriters } from "../streams/stream-writers.js";
import type { RunningContext } from "./call-context.js";
import type { Entry } from "./handler.js";
import type { ObservedHandlers } from "./observed-handlers.js";
import type { Responses } from "./responses.js";
import type { RunningCalls } from "./running-calls.js";

export interface StreamCallsParts {
  readonly handlers: ObservedHandlers;
  readonly running: RunningCalls;
  readonly responses: Responses;
  readonly writers: StreamWriters;
}

/** Calls whose answer is a stream: each runs until the stream ends. */
export class StreamCalls {
  readonly #parts: StreamCallsParts;

  constructor(parts: StreamCallsParts) {
    this.#parts = parts;
  }

  /** Why no stream may be opened now, as the end of a sentence. */
  get refusal(): string | undefined {
    return this.#parts.writers.refusal?.message;
  }

  /** Runs the handler of a call that has entered what runs. It gives a source; the answer names the stream, and its items follow. */
  async open(id: Id, entry: Entry, params: unknown, context: RunningContext): Promise<void> {
    const { handlers, running, responses } = this.#parts;
    let source: AsyncIterable<unknown>;
    try {
      source = await handlers.open(entry, params, context);
    } catch (error) {
      if (!running.leave(id, context)) return;
      responses.thrown(id, entry.name, error);
      return running.left();
    }
    if (running.get(id) !== context) return closeUnread(source);
    // Others were opened while this one's handler ran.
    const { refusal } = this;
    if (refusal === undefined) this.#begin(id, entry, context, source);
    else this.#refuse(id, entry, context, source, refusal);
  }

  #begin(id: Id, { name }: Entry, context: RunningContext, source: AsyncIterable<unknown>): void {
    const { running, responses, writers } = this.#parts;
    running.outlast(id, context);
    let isClosing = false;
    const onStop = (): void => {
      const reason = new PluginError("CANCELLED", "The stream was ended: its reader stopped reading");
      context.scope?.end(reason);
      // Its place is free though its source may never close; a drain waits for that all the same.
      isClosing = running.beginClosing(context);
      context.abort(reason);
    };
    const onEnd = (): void => {
      if (isClosing) running.closed();
      else if (running.leave(context, context)) running.left();
    };
    responses.result(id, name, { stream: writers.write(name, source, { onStop, onEnd }).id });
  }

  #refuse(id: Id, { name }: Entry, context: RunningContext, source: AsyncIterable<unknown>, why: string): void {
    const { running, responses } = this.#parts;
    void closeUnread(source);
    if (!running.leave(id, context)) return;
    responses.refuse(id, WireCode.busy, `Cannot run "${name}": ${why}`);
    running.left();
  }
}
