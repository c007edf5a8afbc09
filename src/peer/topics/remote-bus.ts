import type { RemoteBus, RunOptions } from "../../contract/bus-views.js";
import { validate } from "../../contract/schema.js";
import { first, type Reply, type Strategy } from "../../contract/strategies.js";
import { type Topic, type Topics, topicName } from "../../contract/topics.js";
import type { CallOptions } from "../../contract/views.js";
import { ACTION, EVENT, HOOK } from "../../wire/messages.js";
import { fromWireError } from "../errors/remote-error.js";
import type { HookResult, TopicMessage, WireReply } from "./messages.js";
import { schemasOf } from "./topic-handlers.js";

/** How a topic's message reaches the other side. */
export interface BusCaller {
  readonly validate: boolean;
  /** The other side, for sentences. */
  readonly other: string;
  call(method: string, message: TopicMessage, options: CallOptions | undefined): Promise<unknown>;
}

/** The bus of the host, seen from a plugin. */
export function remoteBus<T extends Topics>(topics: T, caller: BusCaller): RemoteBus<T> {
  const find = (name: string, kind: Topic["kind"], what: string): Topic => findTopic(topics, name, kind, what);
  return Object.freeze({
    async emit(name: string, payload?: unknown) {
      const topic = find(name, "event", "emit");
      await checkGiven(topic, topicName(topics.name, name), payload, caller.validate);
      await caller.call(EVENT, { topic: topicName(topics.name, name), value: payload }, undefined);
    },
    async run(name: string, input?: unknown, { strategy, ...options }: RunOptions<unknown, unknown> = {}) {
      const topic = find(name, "action", "run");
      const full = topicName(topics.name, name);
      await checkGiven(topic, full, input, caller.validate);
      const isFirst = strategy === undefined || strategy === first;
      const message: TopicMessage = { topic: full, value: input, ...(isFirst ? {} : { replies: "all" as const }) };
      const answer = await caller.call(ACTION, message, options);
      return isFirst ? answer : await (strategy as Strategy<unknown, unknown>)(repliesOf(answer, full, caller.other), full);
    },
    async pipe(name: string, value: unknown, options?: CallOptions) {
      const topic = find(name, "hook", "pipe");
      const full = topicName(topics.name, name);
      await checkGiven(topic, full, value, caller.validate);
      const result = (await caller.call(HOOK, { topic: full, value }, options)) as HookResult | null;
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

/** The sender checks, and sends what it was given. @throws {ValidationError} `INVALID_INPUT` */
export async function checkGiven(topic: Topic, name: string, value: unknown, checks: boolean): Promise<void> {
  const { input } = schemasOf(topic);
  if (checks && input !== undefined) await validate(input, value, { code: "INVALID_INPUT", name, side: "caller" });
}

async function* repliesOf(answer: unknown, topic: string, other: string): AsyncGenerator<Reply<unknown>> {
  for (const reply of Array.isArray(answer) ? (answer as WireReply[]) : []) {
    const { plugin: pluginId, order } = reply;
    if ("error" in reply) yield { pluginId, order, ok: false, error: fromWireError(reply.error, topic, other) };
    else yield { pluginId, order, ok: true, value: reply.value };
  }
}
