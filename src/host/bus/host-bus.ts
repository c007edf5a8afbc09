import type { RunOptions } from "../../contract/bus-views.js";
import type { AnyHandler } from "../../contract/implement.js";
import type { Bus } from "../../contract/topic-views.js";
import { type Topic, type Topics, topicName } from "../../contract/topics.js";
import type { CallOptions } from "../../contract/views.js";
import { checkGiven, findTopic } from "../../peer/topics/remote-bus.js";
import { topicEntry } from "../../peer/topics/topic-handlers.js";
import { LocalMember, type LocalOptions } from "./local-member.js";
import { HOST_ID, type TopicBus } from "./topic-bus.js";

/** The bus as this program uses it, for one set of topics: names are short, values are checked, types follow. */
export function hostBus<T extends Topics>(topics: T, bus: TopicBus, local: LocalOptions): Bus<T> {
  const full = (name: string): string => topicName(topics.name, name);
  return Object.freeze({
    async emit(name: string, payload?: unknown) {
      await checkGiven(findTopic(topics, name, "event", "emit"), full(name), payload, true);
      // Who emits in a loop and awaits each would otherwise keep the system from taking what was sent, until something has to be dropped.
      if (!bus.emit(full(name), payload, HOST_ID)) await new Promise<void>((resolve) => local.clock.soon(resolve));
    },
    async run(name: string, input?: unknown, options: RunOptions<unknown, unknown> = {}) {
      await checkGiven(findTopic(topics, name, "action", "run"), full(name), input, true);
      return bus.run(full(name), input, HOST_ID, options);
    },
    async pipe(name: string, value: unknown, options: CallOptions = {}) {
      await checkGiven(findTopic(topics, name, "hook", "pipe"), full(name), value, true);
      return bus.pipe(full(name), value, HOST_ID, options);
    },
    on(name: string, handler: AnyHandler) {
      const topic = Object.hasOwn(topics.topics, name) ? (topics.topics[name] as Topic) : undefined;
      if (topic === undefined) throw new TypeError(`Cannot listen to "${name}" of topics "${topics.name}": there is none of that name`);
      if (typeof handler !== "function") throw new TypeError(`Cannot listen to "${name}" of topics "${topics.name}": it takes a function`);
      return bus.add(new LocalMember(topicEntry(full(name), topic, handler, true), local));
    },
  }) as unknown as Bus<T>;
}
