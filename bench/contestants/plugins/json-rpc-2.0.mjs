import { createServer } from "node:net";
import { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from "json-rpc-2.0";
import { lineWriter, readLines } from "../../lib/lines.mjs";
import { listen } from "../../lib/sockets.mjs";

const server = createServer((socket) => {
  const write = lineWriter(socket, process.argv[2]);
  const peer = new JSONRPCServerAndClient(new JSONRPCServer(), new JSONRPCClient((message) => void write(JSON.stringify(message))));
  let notes = 0;
  peer.addMethod("greet", ({ name }) => `Hello, ${name}!`);
  peer.addMethod("echo", ({ text }) => text);
  peer.addMethod("note", () => void notes++);
  peer.addMethod("flood", ({ count }) => {
    for (let index = 0; index < count; index++) peer.notify("note", { name: "host" });
    return notes;
  });
  readLines(socket, (line) => peer.receiveAndSend(JSON.parse(line)));
  socket.on("close", () => process.exit());
});
listen(server, "tcp");
