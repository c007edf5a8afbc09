import { JSONRPCClient, JSONRPCServer, JSONRPCServerAndClient } from "json-rpc-2.0";
import { gone, spawnListening } from "../lib/child.mjs";
import { lineWriter, readLines } from "../lib/lines.mjs";
import { connectTo } from "../lib/sockets.mjs";

/** json-rpc-2.0's client and server at each end, as its README shows, over newline-ended JSON on a TCP socket with its defaults. */
export const start = () => startJsonRpc("separate");

export async function startJsonRpc(mode) {
  const { child, where } = await spawnListening("json-rpc-2.0", mode);
  const socket = await connectTo(where);
  const write = lineWriter(socket, mode);
  const peer = new JSONRPCServerAndClient(new JSONRPCServer(), new JSONRPCClient((message) => void write(JSON.stringify(message))));
  let notes = 0;
  peer.addMethod("note", () => void notes++);
  readLines(socket, (line) => peer.receiveAndSend(JSON.parse(line)));
  return {
    pid: child.pid,
    call: (input) => peer.request("greet", input),
    echoText: (text) => peer.request("echo", { text }),
    notify: (input) => peer.notify("note", input),
    flood: (count) => peer.request("flood", { count }),
    received: () => notes,
    stop: () => {
      socket.end();
      return gone(child);
    },
  };
}
