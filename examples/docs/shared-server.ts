import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { Host } from "mortise/host";
import { connect, implement } from "mortise/plugin";
import { WebSocket, WebSocketServer } from "ws";
import { greeter } from "./greeter.js";

const read = (name: string) => readFileSync(new URL(`./certificates/${name}`, import.meta.url));
const token = "open sesame";

// #region server
// A plugin must show a certificate where ca and requestCert are given; without them its token alone is asked for.
const tls = { cert: read("host.pem"), key: read("host.key"), ca: read("authority.pem"), requestCert: true, rejectUnauthorized: true };
const server = createServer(tls);
const mine = new WebSocketServer({ noServer: true });
mine.on("connection", (socket) => socket.send("this is the application"));
const host = new Host({ listen: false, plugins: [{ id: "weather", mode: "external", token }] });
await host.ready();
server.on("upgrade", (request, socket, head) => {
  if (request.url === "/plugins") host.handleUpgrade(request, socket, head);
  else mine.handleUpgrade(request, socket, head, (webSocket) => mine.emit("connection", webSocket, request));
});
server.listen(0); // Of all addresses of this machine.
// #endregion server
await once(server, "listening");
const { port } = server.address() as AddressInfo;

// #region plugin
// The plugin, on another machine.
const connection = await connect({
  url: `wss://localhost:${port}/plugins`,
  id: "weather",
  token,
  tls: { ca: read("authority.pem"), cert: read("plugin.pem"), key: read("plugin.key") },
  provides: [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })],
});
// #endregion plugin
const { greet } = await host.getSession("weather").dispense(greeter);
console.log(await greet({ name: "world" }));
const own = new WebSocket(`wss://localhost:${port}/`, { ca: tls.ca, cert: read("plugin.pem"), key: read("plugin.key") });
const [message] = await once(own, "message");
console.log(String(message));

own.close();
await connection.close();
await host.close();
server.close();
