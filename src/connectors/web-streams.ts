import { ReadableStream, WritableStream } from "node:stream/web";
import { isPluginError, type PluginError } from "../errors.js";
import type { Connector } from "./connector.js";
import type { OutgoingEvent, StreamEvent } from "./event.js";
import type { Inbox } from "./ports/inbox.js";

/** Events as a web stream, each taken as it is asked for: what waits, waits where the sockets are paused for it. */
export function readableOf(events: Inbox<StreamEvent>, errorOf: () => PluginError | undefined): ReadableStream<StreamEvent> {
  let isCancelled = false;
  const source = {
    async pull(controller: { enqueue(event: StreamEvent): void; error(reason: unknown): void; close(): void }): Promise<void> {
      // Nothing is taken before it can be handed on: whoever cancels meanwhile would lose it.
      while (events.size === 0 && !events.ended) await events.ready();
      if (isCancelled) return;
      const step = await events.next();
      if (step.done !== true) return controller.enqueue(step.value);
      const error = errorOf();
      if (error === undefined) controller.close();
      else controller.error(error);
    },
    cancel() {
      isCancelled = true;
    },
  };
  return new ReadableStream<StreamEvent>(source, { highWaterMark: 0 });
}

/**
 * send() as a web stream. An event that was not sent for want of a connection is sent once there is one; what cannot be sent, or may have
 * arrived, is told, and the next one follows.
 */
export function writableOf(connector: Connector, tell: (error: PluginError, event: OutgoingEvent) => void): WritableStream<OutgoingEvent> {
  return new WritableStream<OutgoingEvent>({
    async write(event) {
      for (;;) {
        try {
          return await connector.send(event);
        } catch (error) {
          // A caller's mistake.
          if (!isPluginError(error)) throw error;
          if (isOver(connector)) throw connector.error ?? error;
          if (error.code !== "NOT_SENT" || connector.connectivity === "connected") return tell(error, event);
        }
        await opened(connector);
      }
    },
  });
}

const isOver = ({ state }: Connector): boolean => state === "stopped" || state === "failed";

/** Resolves when there is a connection, or will be none. */
async function opened(connector: Connector): Promise<void> {
  if (connector.connectivity === "connected" || isOver(connector)) return;
  for await (const change of connector.changes()) if (change === "open" || change === "failed" || change === "stopped") return;
}
