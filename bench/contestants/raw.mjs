import { connect } from "node:net";
import { gone, spawnListening } from "../lib/child.mjs";
import { lineWriter, readLines } from "../lib/lines.mjs";

/** Newline-ended JSON over TCP with JSON.parse and JSON.stringify; each message is written by itself, to a socket with its defaults. */
export const start = () => startRaw("separate");

export async function startRaw(mode) {
  const { child, port } = await spawnListening("raw", mode);
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const write = lineWriter(socket, mode);
  const pending = new Map();
  let nextId = 0;
  let notes = 0;
  readLines(socket, (line) => {
    const { id, result } = JSON.parse(line);
    if (id === undefined) return void notes++;
    const resolve = pending.get(id);
    pending.delete(id);
    resolve(result);
  });
  const call = (method, params) =>
    new Promise((resolve) => {
      const id = nextId++;
      pending.set(id, resolve);
      write(JSON.stringify({ id, method, params }));
    });
  return {
    pid: child.pid,
    call: (input) => call("greet", input),
    echoText: (text) => call("echo", { text }),
    notify: (input) => write(JSON.stringify({ method: "note", params: input })),
    flood: (count) => call("flood", { count }),
    received: () => notes,
    stop: () => {
      socket.end();
      return gone(child);
    },
  };
}
