import type { RemoteBus, RunOptions } from "../../contract/bus-views.js";
import { first, type Reply, type Strategy } from "../../contract/strategies.js";
import { type Topic, type Topics, topicName } from "../../contract/topics.js";
import type { CallOptions } from "../../contract/views.js";
import { ACTION, EVENT, HOOK } from "../../wire/messages.js";
import { checkThen, type Patience, type Send } from "../calls/check-input.js";
import { fromWireError } from "../errors/remote-error.js";
import type { HookResult, TopicMessage, WireReply } from "./messages.js";
import { schemasOf } from "./topic-handlers.js";

/** How a topic's message reaches the other side. */
export interface BusCaller {
  readonly validate: boolean;
  /** What bounds the check of a value. */
  readonly patience: Patience;
  /** The other side, for sentences. */
  readonly other: string;
  call(method: string, message: TopicMessage, options: CallOptions | undefined): Promise<unknown>;
}

/** The bus of the host, seen from a plugin. */
export function remoteBus<T extends Topics>(topics: T, caller: BusCaller): RemoteBus<T> {
  const given = (topic: Topic, name: string, value: unknown, options: CallOptions | undefined, send: Send): Promise<unknown> =>
    sendGiven(topic, name, caller.validate ? caller.patience : undefined, send)(value, options);
  const find = (name: string, kind: Topic["kind"], what: string): Topic => findTopic(topics, name, kind, what);
  return Object.freeze({
    async emit(name: string, payload?: unknown) {
      const topic = find(name, "event", "emit");
      const full = topicName(topics.name, name);
      await given(topic, full, payload, undefined, (value, options) => caller.call(EVENT, { topic: full, value }, options));
    },
    async run(name: string, input?: unknown, { strategy, ...options }: RunOptions<unknown, unknown> = {}) {
      const topic = find(name, "action", "run");
      const full = topicName(topics.name, name);
      const isFirst = strategy === undefined || strategy === first;
      const replies = isFirst ? {} : { replies: "all" as const };
      const send: Send = (value, left) => caller.call(ACTION, { topic: full, value, ...replies }, left);
      const answer = await given(topic, full, input, options, send);
      return isFirst ? answer : await (strategy as Strategy<unknown, unknown>)(repliesOf(answer, full, caller.other), full);
    },
    async pipe(name: string, value: unknown, options?: CallOptions) {
      const topic = find(name, "hook", "pipe");
      const full = topicName(topics.name, name);
      const send: Send = (checked, left) => caller.call(HOOK, { topic: full, value: checked }, left);
      const result = (await given(topic, full, value, options, send)) as HookResult | null;
      return result !== null && typeof result === "object" && "value" in result ? result.value : value;
    },
  }) as unknown as RemoteBus<T>;
}

/** @throws {TypeError} The set has no such topic, or one of another kind. */
export function findTopic(topics: Topics, name: string, kind: Topic["kind"], what: string): Topic {
  const topic = Object.hasOwn(topics.topics, name) ? topics.topics[name] : undefined;
  if (topic?.kind === kind) return topic;
  const why = topic === undefined ? `it has ${Object.keys(topics.topics).join(", ") || "none"}` : `that is of the kind ${topic.kind}`;
  throw new TypeError(`Cannot ${what} "${name}" of topics "${topics.name}": ${topic === undefined ? "there is none; " : ""}${why}`);
}

/** The sender checks, and sends what it was given. @param patience None where nothing is checked. */
export function sendGiven(topic: Topic, name: string, patience: Patience | undefined, send: Send): Send {
  const { input } = schemasOf(topic);
  return input === undefined || patience === undefined ? send : checkThen(input, name, patience, send);
}

async function* repliesOf(answer: unknown, topic: string, other: string): AsyncGenerator<Reply<unknown>> {
  for (const reply of Array.isArray(answer) ? (answer as WireReply[]) : []) {
    const { plugin: pluginId, order } = reply;
    if ("error" in reply) yield { pluginId, order, ok: false, error: fromWireError(reply.error, topic, { other, plugin: pluginId }) };
    else yield { pluginId, order, ok: true, value: reply.value };
  }
}
