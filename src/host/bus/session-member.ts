import type { CallOptions } from "../../contract/views.js";
import type { PeerConnection } from "../../peer/connection.js";
import type { Declared } from "../../peer/topics/declared.js";
import type { HookResult } from "../../peer/topics/messages.js";
import type { Clock } from "../../util/clock.js";
import { ACTION, HOOK } from "../../wire/messages.js";
import type { BusEvent } from "./bus-event.js";
import { EventQueue } from "./event-queue.js";
import { type Ask, type BusMember, NotAsked } from "./member.js";
import { type EventCounts, Subscriber } from "./subscriber.js";

type Kind = "events" | "actions" | "hooks";

export interface SessionMemberOptions {
  readonly id: string;
  readonly order: number;
  readonly hookOrder: number;
  readonly clock: Clock;
  isGranted(kind: Kind, topic: string): boolean;
  /** A call by the session's handle: it waits for a plugin that sleeps. */
  call(method: string, input: unknown, options: CallOptions): Promise<unknown>;
  /** It sleeps until it is wanted: before it was started once, it may hear and answer anything that it is granted. */
  readonly sleeps: boolean;
  /** Starts a plugin that sleeps. False if it is not one that does. */
  wake(): boolean;
  /** What it hears, answers and joins has changed. */
  onChange(): void;
  /** An event is on its way to it. */
  onUse(): void;
  onDropped(count: number): void;
}

const TELL_DROPPED_EVERY_MS = 1_000;

/** A plugin on the bus: what its session hears, answers and joins, whichever process serves it. */
export class SessionMember implements BusMember {
  readonly id: string;
  readonly order: number;
  readonly hookOrder: number;
  readonly counts: EventCounts = { delivered: 0, dropped: 0 };
  readonly #options: SessionMemberOptions;
  /** What it declared when it was last started; undefined before. */
  #declared: { readonly [K in Kind]: ReadonlySet<string> } | undefined;
  #subscribers: ReadonlyMap<PeerConnection, Subscriber> = new Map();
  /** The same, as a list: it is gone through for each event. */
  #serving: readonly Subscriber[] = [];
  /** Events for a plugin that is being woken. */
  readonly #asleep: EventQueue;
  readonly #may = new Map<string, boolean>();
  #untold = 0;

  constructor(options: SessionMemberOptions) {
    this.#options = options;
    this.id = options.id;
    this.order = options.order;
    this.hookOrder = options.hookOrder;
    this.#asleep = new EventQueue(() => this.#drop());
  }

  /** These processes serve it from now on. Events go to each of them. */
  serve(connections: readonly PeerConnection[]): void {
    const before = this.#subscribers;
    const last = connections.at(-1);
    if (last !== undefined) this.#learn(last.declared);
    this.#subscribers = new Map(
      connections.map((connection) => {
        const known = before.get(connection);
        return [connection, known ?? new Subscriber(connection.peer, this.counts, () => this.#tellDropped())] as const;
      }),
    );
    this.#serving = [...this.#subscribers.values()];
    for (const [connection, subscriber] of before) if (!this.#subscribers.has(connection)) subscriber.end();
    if (this.#subscribers.size === 0) return;
    for (let event = this.#asleep.shift(); event !== undefined; event = this.#asleep.shift()) {
      if (this.has("events", event.topic)) this.deliver(event);
      else this.#drop();
    }
  }

  /** Events wait for it, or were handed to its connection and are not yet with the system. */
  get isWaiting(): boolean {
    return this.#asleep.size > 0 || [...this.#subscribers.values()].some((subscriber) => subscriber.isWaiting);
  }

  /** Events that are neither delivered nor dropped. */
  get waiting(): number {
    return [...this.#subscribers.values()].reduce((sum, subscriber) => sum + subscriber.waiting, this.#asleep.size);
  }

  /** It is not going to be there: what waits for it is dropped. */
  dropWaiting(): void {
    this.#asleep.clear();
  }

  /** What it is granted has changed. */
  forgetGrants(): void {
    this.#may.clear();
    this.#options.onChange();
  }

  has(kind: Kind, topic: string): boolean {
    const key = `${kind} ${topic}`;
    let may = this.#may.get(key);
    if (may === undefined) {
      may = this.#options.isGranted(kind, topic) && this.#declares(kind, topic);
      // Topics come from plugins: their names are not kept without end.
      if (this.#may.size > 4_096) this.#may.clear();
      this.#may.set(key, may);
    }
    return may;
  }

  deliver(event: BusEvent): boolean {
    this.#options.onUse();
    if (this.#serving.length === 0) {
      if (this.#options.wake()) this.#asleep.push(event);
      else this.#drop();
      return true;
    }
    let keepsUp = true;
    for (const subscriber of this.#serving) keepsUp = subscriber.deliver(event) && keepsUp;
    return keepsUp;
  }

  run({ topic, value, id, source, timeMs }: Ask, options: CallOptions): Promise<unknown> {
    return this.#ask(ACTION, "actions", { topic, value, id, source, timeMs }, options);
  }

  async pipe({ topic, value, id, source, timeMs }: Ask, options: CallOptions): Promise<unknown> {
    const result = (await this.#ask(HOOK, "hooks", { topic, value, id, source, timeMs }, options)) as HookResult | null;
    return typeof result === "object" && result !== null ? result.value : undefined;
  }

  // Whether one that has never been started answers is known once it is.
  async #ask(method: string, kind: Kind, message: Ask, options: CallOptions): Promise<unknown> {
    const unknown = this.#declared === undefined;
    try {
      return await this.#options.call(method, message, options);
    } catch (error) {
      if (unknown && !this.has(kind, message.topic)) throw new NotAsked();
      throw error;
    }
  }

  #declares(kind: Kind, topic: string): boolean {
    if (this.#declared !== undefined) return this.#declared[kind].has(topic);
    // What the host says of itself starts no plugin.
    return !topic.startsWith("core/") && this.#options.sleeps;
  }

  #learn({ events, actions, hooks }: Declared): void {
    this.#declared = { events: new Set(events), actions: new Set(actions), hooks: new Set(hooks) };
    this.forgetGrants();
  }

  #drop(): void {
    this.counts.dropped++;
    this.#tellDropped();
  }

  #tellDropped(): void {
    if (this.#untold++ > 0) return;
    this.#options.clock.after(TELL_DROPPED_EVERY_MS, () => {
      const count = this.#untold;
      this.#untold = 0;
      this.#options.onDropped(count);
    });
  }
}
