import { type CallSubject, calls, Observation, ObservedStream } from "../call-events.js";
import { openSource } from "../streams/stream-source.js";
import type { RunningContext } from "./call-context.js";
import { type Entry, runHandler } from "./handler.js";

/** Runs handlers, and tells of them on the channel `mortise:call`, where that has a subscriber. */
export class ObservedHandlers {
  readonly #who: Pick<CallSubject, "plugin" | "clock">;

  constructor(who: Pick<CallSubject, "plugin" | "clock">) {
    this.#who = who;
  }

  /** As runHandler(). */
  run(entry: Entry, params: unknown, context: RunningContext): unknown {
    const observation = calls.hasSubscribers ? this.#observation(entry) : undefined;
    return observation === undefined ? runHandler(entry, params, context) : observation.run(() => runHandler(entry, params, context));
  }

  /** As openSource(); the call ends with the stream. */
  open(entry: Entry, params: unknown, context: RunningContext): Promise<AsyncIterable<unknown>> {
    const observation = calls.hasSubscribers ? this.#observation(entry) : undefined;
    return observation === undefined ? openSource(entry, params, context) : openObserved(observation, entry, params, context);
  }

  // None of a function that was lent: it is part of the call that lent it.
  #observation({ contract, member, kind }: Entry): Observation | undefined {
    if (contract === undefined || member === undefined) return undefined;
    return new Observation({ side: "handler", contract, member, kind, ...this.#who });
  }
}

async function openObserved(
  observation: Observation,
  entry: Entry,
  params: unknown,
  context: RunningContext,
): Promise<AsyncIterable<unknown>> {
  try {
    const source = await observation.begin(() => openSource(entry, params, context));
    return new ObservedStream(observation, source[Symbol.asyncIterator]());
  } catch (error) {
    observation.fail(error);
    throw error;
  }
}
