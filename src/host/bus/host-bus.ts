import type { RunOptions } from "../../contract/bus-views.js";
import type { AnyHandler } from "../../contract/implement.js";
import type { Bus } from "../../contract/topic-views.js";
import { type Topic, type Topics, topicName } from "../../contract/topics.js";
import type { CallOptions } from "../../contract/views.js";
import type { Send } from "../../peer/calls/check-input.js";
import { findTopic, sendGiven } from "../../peer/topics/remote-bus.js";
import { topicEntry } from "../../peer/topics/topic-handlers.js";
import { LocalMember, type LocalOptions } from "./local-member.js";
import { HOST_ID, type TopicBus } from "./topic-bus.js";

/** The bus as this program uses it, for one set of topics: names are short, values are checked, types follow. */
export function hostBus<T extends Topics>(topics: T, bus: TopicBus, local: LocalOptions): Bus<T> {
  const patience = { clock: local.clock, timeoutMs: local.callTimeoutMs };
  const full = (name: string): string => topicName(topics.name, name);
  return Object.freeze({
    async emit(name: string, payload?: unknown) {
      await sendGiven(findTopic(topics, name, "event", "emit"), full(name), patience, async (value) => {
        // Who emits in a loop and awaits each would otherwise keep the system from taking what was sent, until something has to be dropped.
        if (!bus.emit(full(name), value, HOST_ID)) await new Promise<void>((resolve) => local.clock.soon(resolve));
      })(payload, undefined);
    },
    async run(name: string, input?: unknown, { strategy, ...options }: RunOptions<unknown, unknown> = {}) {
      const topic = findTopic(topics, name, "action", "run");
      const send: Send = (value, left) => bus.run(full(name), value, HOST_ID, { ...left, strategy });
      return sendGiven(topic, full(name), patience, send)(input, options);
    },
    async pipe(name: string, value: unknown, options: CallOptions = {}) {
      const topic = findTopic(topics, name, "hook", "pipe");
      const send: Send = (checked, left) => bus.pipe(full(name), checked, HOST_ID, left ?? {});
      return sendGiven(topic, full(name), patience, send)(value, options);
    },
    on(name: string, handler: AnyHandler) {
      const topic = Object.hasOwn(topics.topics, name) ? (topics.topics[name] as Topic) : undefined;
      if (topic === undefined) throw new TypeError(`Cannot listen to "${name}" of topics "${topics.name}": there is none of that name`);
      if (typeof handler !== "function") throw new TypeError(`Cannot listen to "${name}" of topics "${topics.name}": it takes a function`);
      return bus.add(new LocalMember(topicEntry(full(name), topic, handler, true), local));
    },
  }) as unknown as Bus<T>;
}
