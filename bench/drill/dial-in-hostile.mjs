// `dial-in-hostile.mjs port count`: so many sockets that mean no good, of each kind as many, until it is killed. Those that are closed come again, 5 s later.
import { connect } from "node:net";
import { WebSocket } from "ws";

const [port, count] = process.argv.slice(2).map(Number);
const url = `ws://127.0.0.1:${port}`;
const HEAD = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
const register = (params) => JSON.stringify({ jsonrpc: "2.0", id: 0, method: "rpc.register", params });
const webSocket = (use, options) => () => {
  const socket = new WebSocket(url, options);
  socket.on("open", () => use(socket));
  return socket;
};
const plain = (use) => () => {
  const socket = connect(port, "127.0.0.1", () => use(socket));
  return socket;
};
const drip = (socket) => {
  let at = 0;
  const timer = setInterval(() => socket.write(HEAD[at++ % HEAD.length] ?? "x"), 50);
  socket.on("close", () => clearInterval(timer));
};
const KINDS = [
  plain(() => {}),
  plain(drip),
  plain((socket) => socket.write("\x16\x03\x01\x02\x00\x01\x00")),
  plain((socket) => socket.write(`${HEAD}X: ${"x".repeat(100_000)}`)),
  webSocket(() => {}),
  webSocket((socket) => socket.send("x".repeat(60_000))),
  webSocket((socket) => socket.send("x".repeat(1_000_000))),
  webSocket((socket) => socket.send(register({ id: "p0", token: `wrong ${Math.random()}` }))),
  webSocket((socket) => socket.send(register({ id: `nobody${Math.random()}`, proof: true }))),
  webSocket((socket) => socket.send('{"jsonrpc":"2.0","method":"rpc.event","params":{"topic":"drill/tick"}}')),
  webSocket((socket) => socket.send(Buffer.alloc(1_000))),
  webSocket(() => {}, { origin: "https://evil.example" }),
  webSocket(() => {}, { headers: { host: "evil.example" } }),
];
const begin = (kind) => {
  const socket = kind();
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(() => begin(kind), 5_000));
};
for (let n = 0; n < count; n++) begin(KINDS[n % KINDS.length]);
process.send("begun");
