import { NAME_PATTERN } from "../../contract/contract.js";

/** What `rpc.event`, `rpc.action` and `rpc.hook` carry. */
export interface TopicMessage {
  /** As in `blog/post.published`. */
  readonly topic: string;
  /** An event's payload, an action's input, a hook's value; absent for none. */
  readonly value?: unknown;
  /** Of an action asked by a plugin: every reply is wanted, and not the first success. */
  readonly replies?: "all" | undefined;
  /** From the host: what the bus knows of it. */
  readonly id?: string | undefined;
  readonly source?: string | undefined;
  readonly timeMs?: number | undefined;
}

/** One reply to an action, as it crosses. */
export type WireReply =
  | { readonly plugin: string; readonly order: number; readonly value: unknown }
  | { readonly plugin: string; readonly order: number; readonly error: unknown };

/** What a handler of a hook made of its value; without `value` it is unchanged. */
export interface HookResult {
  readonly value?: unknown;
}

/** Reads such a message. @throws {TypeError} It names no topic. */
export function readTopicMessage(input: unknown): TopicMessage {
  const { topic, value, replies, id, source, timeMs } = (input ?? {}) as Partial<Record<keyof TopicMessage, unknown>>;
  if (typeof topic !== "string" || !NAME_PATTERN.test(topic)) throw new TypeError('its "topic" is no name, as "blog/post.published" is');
  return {
    topic,
    value,
    replies: replies === "all" ? "all" : undefined,
    id: typeof id === "string" ? id : undefined,
    source: typeof source === "string" ? source : undefined,
    timeMs: typeof timeMs === "number" && Number.isFinite(timeMs) ? timeMs : undefined,
  };
}
