import { gone, spawnListening } from "../lib/child.mjs";
import { lineWriter, readLines } from "../lib/lines.mjs";
import { pendingCalls } from "../lib/pending.mjs";
import { connectTo } from "../lib/sockets.mjs";

/** Newline-ended JSON over TCP, with JSON.parse and JSON.stringify; each message is written by itself, to a socket with its defaults. */
export const start = () => startRaw("separate", "tcp");

export async function startRaw(mode, network) {
  const { child, where } = await spawnListening("raw", mode, network);
  const socket = await connectTo(where);
  const write = lineWriter(socket, mode);
  const { call, answered } = pendingCalls((message) => write(JSON.stringify(message)));
  let notes = 0;
  let onItem;
  readLines(socket, (line) => {
    const message = JSON.parse(line);
    if (message.n !== undefined) return void onItem(message.n);
    if (message.id === undefined) return void notes++;
    answered(message);
  });
  return {
    pid: child.pid,
    call: (input) => call("greet", input),
    echoText: (text) => call("echo", { text }),
    readNumbers: (count, take) => {
      onItem = take;
      return call("numbers", { count });
    },
    notify: (input) => write(JSON.stringify({ method: "note", params: input })),
    flood: (count) => call("flood", { count }),
    received: () => notes,
    stop: () => {
      socket.end();
      return gone(child);
    },
  };
}
