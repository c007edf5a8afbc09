import type { CallContext } from "../../contract/context.js";
import { collect } from "../../contract/strategies.js";
import { PluginError } from "../../errors.js";
import { busError, busRefusal } from "../../peer/errors/refusal.js";
import type { WireCallHandler } from "../../peer/handlers/dispatcher.js";
import { type HookResult, readTopicMessage, type TopicMessage, type WireReply } from "../../peer/topics/messages.js";
import { ACTION, EVENT, HOOK } from "../../wire/messages.js";
import { CORE_ERROR } from "../core-topics.js";
import { type GrantKind, lackingGrant } from "../grants.js";
import type { TopicBus } from "./topic-bus.js";

/** What the bus needs of the plugin at the other end of a connection. */
export interface Speaker {
  readonly id: string;
  /** Looked at for each message: what is granted may change while it runs. */
  isGranted(kind: GrantKind, topic: string): boolean;
  onListenerFailed(report: { readonly eventId: string; readonly source: string; readonly topic: string; readonly message: string }): void;
}

/** What a plugin says on the bus: emits, asks, runs hooks. Who it is comes from the connection. */
export function pluginEndpoint(bus: TopicBus, speaker: Speaker): ReadonlyMap<string, WireCallHandler> {
  const granted = (kind: GrantKind, { topic }: TopicMessage): void => {
    if (!speaker.isGranted(kind, topic)) throw new PluginError("UNAUTHORIZED", lackingGrant(speaker.id, kind, topic));
  };
  const answering = (answer: (message: TopicMessage, context: CallContext) => unknown): WireCallHandler => {
    return async (input, context) => {
      try {
        return await answer(readTopicMessage(input), context as CallContext);
      } catch (error) {
        throw busRefusal(error);
      }
    };
  };
  return new Map<string, WireCallHandler>([
    [
      EVENT,
      answering((message) => {
        if (message.topic === CORE_ERROR) return speaker.onListenerFailed(readReport(message.value));
        granted("events", message);
        refuseCore(message.topic);
        bus.emit(message.topic, message.value, speaker.id);
      }),
    ],
    [
      ACTION,
      answering(async (message, { signal }) => {
        granted("actions", message);
        refuseCore(message.topic);
        const { topic, value } = message;
        if (message.replies === undefined) return bus.run(topic, value, speaker.id, { signal });
        const all = await bus.run(topic, value, speaker.id, { signal, strategy: collect });
        return all.map(({ pluginId: plugin, order, ...reply }): WireReply => {
          return reply.ok ? { plugin, order, value: reply.value } : { plugin, order, error: busError(reply.error) };
        });
      }),
    ],
    [
      HOOK,
      answering(async (message, { signal }): Promise<HookResult> => {
        granted("hooks", message);
        const value = await bus.pipe(message.topic, message.value, speaker.id, { signal });
        return value === undefined ? {} : { value };
      }),
    ],
  ]);
}

/** What a host says of itself no plugin says. @throws {PluginError} `UNAUTHORIZED` */
function refuseCore(topic: string): void {
  if (topic.startsWith("core/")) throw new PluginError("UNAUTHORIZED", `"${topic}" is the host's own to say`);
}

function readReport(value: unknown): Parameters<Speaker["onListenerFailed"]>[0] {
  const { eventId, source, topic, message } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const text = (part: unknown): string => (typeof part === "string" ? part.slice(0, 4_096) : "");
  return { eventId: text(eventId), source: text(source), topic: text(topic), message: text(message) };
}
