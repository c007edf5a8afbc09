import { first, type Strategy } from "../../contract/strategies.js";
import type { CallOptions } from "../../contract/views.js";
import { PluginError, VetoError } from "../../errors.js";
import { isVeto } from "../../peer/topics/topic-handlers.js";
import { BusEvent } from "./bus-event.js";
import { type Ask, type BusMember, NotAsked } from "./member.js";
import { replies } from "./replies.js";

const MAX_TOPICS = 4_096;

/** What this program goes by, where a plugin has its id. */
export const HOST_ID = "host";

/** Carries events, actions and hooks between members, whoever they are. Knows names, and neither schemas nor grants. */
export class TopicBus {
  readonly #members = new Set<BusMember>();
  /** Who hears an event, by topic: asked of every member anew once one of them has changed. */
  readonly #hearing = new Map<string, readonly BusMember[]>();
  #lastId = 0;
  readonly #emitted = new Map<string, number>();

  /** Events emitted so far, by topic. */
  get emitted(): ReadonlyMap<string, number> {
    return this.#emitted;
  }

  /** Takes a member in. Returns the way out. */
  add(member: BusMember): () => void {
    this.#members.add(member);
    this.forget();
    return () => {
      this.#members.delete(member);
      this.forget();
    };
  }

  /** What a member hears has changed. */
  forget(): void {
    this.#hearing.clear();
  }

  /**
   * Queues an event for all who hear it, but for its own sender. @throws {ValidationError} `INVALID_INPUT`: the payload cannot be sent.
   * @returns False if one of them does not keep up: whoever emits in a loop does well to let the system have its turn.
   */
  emit(topic: string, payload: unknown, source: string): boolean {
    const event = new BusEvent({
      topic,
      id: this.#nextId(),
      source,
      timeMs: Date.now(),
      ...(payload === undefined ? {} : { value: payload }),
    });
    event.check();
    this.#emitted.set(topic, (this.#emitted.get(topic) ?? 0) + 1);
    let keepsUp = true;
    for (const member of this.#whoHears(topic)) if (isOther(member, source)) keepsUp = member.deliver(event) && keepsUp;
    return keepsUp;
  }

  #whoHears(topic: string): readonly BusMember[] {
    let hearing = this.#hearing.get(topic);
    if (hearing === undefined) {
      hearing = [...this.#members].filter((member) => member.has("events", topic));
      // Topics come from plugins: their names are not kept without end.
      if (this.#hearing.size >= MAX_TOPICS) this.forget();
      this.#hearing.set(topic, hearing);
    }
    return hearing;
  }

  /** Asks all who answer an action, but for who asks; the strategy makes one result of the replies. */
  async run<R>(
    topic: string,
    input: unknown,
    source: string,
    options: CallOptions & { readonly strategy?: Strategy<any, R> | undefined },
  ): Promise<R> {
    const { strategy = first as Strategy<unknown, R>, signal, ...rest } = options;
    const ask = this.#ask(topic, input, source);
    const abort = new AbortController();
    const onAbort = (): void => abort.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", onAbort, { once: true });
    const asked = this.#who("actions", topic, source).map((member) => ({
      pluginId: member.id,
      answer: member.run(ask, { ...rest, signal: abort.signal }),
    }));
    // An answer that comes once the strategy has ended is of no interest, and neither is a failure.
    for (const { answer } of asked) answer.catch(() => {});
    try {
      return await strategy(replies(asked), topic);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", onAbort);
      abort.abort(GIVEN_UP);
    }
  }

  /** Runs a hook: one handler after another, each with what the last returned. @throws {VetoError} One of them said no. */
  async pipe(topic: string, value: unknown, source: string, options: CallOptions): Promise<unknown> {
    let current = value;
    const members = this.#who("hooks", topic, source).sort((a, b) => a.hookOrder - b.hookOrder || a.order - b.order);
    for (const member of members) {
      try {
        const result = await member.pipe(this.#ask(topic, current, source), options);
        if (result !== undefined) current = result;
      } catch (error) {
        if (NotAsked.is(error)) continue;
        throw isVeto(error) ? vetoed(topic, member.id, error as VetoError) : error;
      }
    }
    return current;
  }

  /** Each event and each call has an id of its own in this host. */
  #nextId(): string {
    return (++this.#lastId).toString(36);
  }

  #ask(topic: string, value: unknown, source: string): Ask {
    return { topic, value, id: this.#nextId(), source, timeMs: Date.now() };
  }

  #who(kind: "actions" | "hooks", topic: string, source: string): BusMember[] {
    return [...this.#members].filter((member) => isOther(member, source) && member.has(kind, topic)).sort((a, b) => a.order - b.order);
  }
}

/** A plugin neither hears nor answers itself. What this program says, its own handlers do. */
function isOther(member: BusMember, source: string): boolean {
  return member.id !== source || source === HOST_ID;
}

const GIVEN_UP = new PluginError("CANCELLED", "The call was ended: its asker has what it wanted");

function vetoed(topic: string, pluginId: string, { reason }: VetoError): VetoError {
  const who = pluginId === HOST_ID ? "this program" : `plugin "${pluginId}"`;
  return new VetoError(`Cannot pass "${topic}" on: ${who} vetoed it: ${reason}`, { pluginId, reason });
}
