// Plugins of dial-in.mjs: `dial-in-swarm.mjs url first count rawUrl` dials in with so many, opens as many plain WebSockets, and counts what comes.

import { WebSocket } from "ws";
import { connect, defineTopics, event, implement } from "../../dist/plugin.js";

const [url, first, count, rawUrl] = process.argv.slice(2);
const topics = defineTopics("drill", { tick: event() });
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const seen = { events: 0, messages: 0, connected: 0 };
const provides = [implement(topics, { tick: () => void seen.events++ })];
process.on("message", () => process.send({ answer: { ...seen } }));

for (let n = 0; n < Number(count); n++) {
  const id = `p${Number(first) + n}`;
  connect({ url, id, token: "open sesame", provides, logger: silent, configure: () => void seen.connected++ }).catch((error) =>
    console.error(error.message),
  );
  const plain = new WebSocket(rawUrl, { perMessageDeflate: false });
  // As much as a plugin does with an event: it is read as JSON.
  plain.on("message", (data) => void (JSON.parse(String(data)).params.topic && seen.messages++));
  plain.on("error", () => {});
}
process.send({ answer: "dialling" });
