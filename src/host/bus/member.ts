import type { CallOptions } from "../../contract/views.js";
import type { BusEvent } from "./bus-event.js";

/** What is asked of a member beside its input: what the bus knows of it. */
export interface Ask {
  readonly topic: string;
  readonly value: unknown;
  readonly id: string;
  readonly source: string;
  readonly timeMs: number;
}

/** One who hears, answers and joins: this program's own handlers, or a plugin's session. */
export interface BusMember {
  readonly id: string;
  /** Place in load order; this program's own come first. */
  readonly order: number;
  /** Place among the handlers of a hook; lower runs earlier, then load order. */
  readonly hookOrder: number;
  /** Names of topics, by kind: declared, and granted now. */
  has(kind: "events" | "actions" | "hooks", topic: string): boolean;
  /** Takes an event, or drops one. Never throws, never waits. False if it has not taken the events before. */
  deliver(event: BusEvent): boolean;
  /** Resolves with the answer. Rejects with a PluginError. */
  run(ask: Ask, options: CallOptions): Promise<unknown>;
  /** Resolves with what it made of the value; undefined where it left it as it is. */
  pipe(ask: Ask, options: CallOptions): Promise<unknown>;
}

/** A member turned out to have no handler for what it was asked: it counts as not asked. */
export class NotAsked extends Error {
  readonly #mark = true;

  /** Unlike `instanceof`, it can be asked of a proxy that throws at every look. */
  static is(thrown: unknown): boolean {
    return typeof thrown === "object" && thrown !== null && #mark in thrown && thrown.#mark;
  }
}
