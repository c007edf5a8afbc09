// Web streams: what comes to a server goes, changed, to another server, as fast as that takes it.
import { TransformStream } from "node:stream/web";
import { type OutgoingEvent, type StreamEvent, websocketClient, websocketServer } from "mortise/connectors";

const lines = { codec: "json", preprocessors: ["separate"], postprocessors: ["separate"] } as const;
const from = websocketServer({ url: "127.0.0.1:0", ...lines });
const to = websocketServer({ url: "127.0.0.1:0", ...lines });
await from.start();
await to.start();
const server = from;
const client = websocketClient({ url: `ws://127.0.0.1:${to.address?.port}`, ...lines });
await client.start();

// #region pipe
const doubled = new TransformStream<StreamEvent, OutgoingEvent>({
  transform({ data }, controller) {
    controller.enqueue({ data: 2 * Number(data) });
  },
});
const piped = server.readable().pipeThrough(doubled).pipeTo(client.writable(), { preventClose: true });
// #endregion pipe

const source = websocketClient({ url: `ws://127.0.0.1:${from.address?.port}`, ...lines });
await source.start();
for (const data of [1, 2, 3]) await source.send({ data });
let left = 3;
for await (const { data } of to.out) {
  console.log(`pipes           ${data}`);
  if (--left === 0) break;
}
await source.stop();
await from.stop();
await piped;
await client.stop();
await to.stop();
