// Plugins of dial-in.mjs: `dial-in-swarm.mjs url first count rawUrl` dials in with so many, and with as many that are made by hand with ws;
// opens as many plain WebSockets, and counts what comes to those two.
import { WebSocket } from "ws";
import { connect } from "../../dist/plugin.js";

const [url, first, count, rawUrl] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const seen = { events: 0, messages: 0, open: 0 };
process.on("message", () => process.send({ answer: { ...seen } }));

/** What comes is read as JSON, and counted where it is an event. */
function open(address, counted, onOpen = () => seen.open++) {
  const socket = new WebSocket(address, { perMessageDeflate: false });
  socket.on("error", () => {});
  socket.on("open", () => onOpen(socket));
  socket.on("message", (data) => {
    for (const line of String(data).split("\n")) {
      const { id, method, result } = JSON.parse(line);
      if (method === "rpc.event") seen[counted]++;
      else if (method === "rpc.ping") socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: "pong" }));
      else if (result !== undefined) socket.send('{"jsonrpc":"2.0","method":"rpc.ready"}', () => seen.open++);
    }
  });
}

for (let n = Number(first); n < Number(first) + Number(count); n++) {
  connect({ url, id: `p${n}`, token: "open sesame", logger: silent }).catch((error) => console.error(error.message));
  open(rawUrl, "messages");
  const params = { id: `e${n}`, events: ["drill/tick"] };
  open(url, "events", (socket) => socket.send(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "rpc.register", params })));
  // A host takes in so many at a time: those that are made by hand do not dial again.
  if (n % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 500));
}
process.send({ answer: "dialling" });
