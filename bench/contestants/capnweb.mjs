import { newWebSocketRpcSession } from "capnweb";
import { WebSocket } from "ws";
import { gone, spawnListening } from "../lib/child.mjs";

// Node.js 20 has none, and capnweb reads its constants.
globalThis.WebSocket ??= WebSocket;

/** Cap'n Web over a WebSocket of ws, on both sides; a stream is its ReadableStream. It has no notifications. */
export async function start() {
  const { child, where } = await spawnListening("capnweb");
  const remote = newWebSocketRpcSession(new WebSocket(`ws://127.0.0.1:${where}`, { maxPayload: 0 }));
  return {
    pid: child.pid,
    call: (input) => remote.greet(input),
    echoText: (text) => remote.echo({ text }),
    echoBytes: (bytes) => remote.echoBytes({ bytes }),
    readNumbers: async (count, take) => {
      const reader = (await remote.numbers({ count })).getReader();
      for (let step = await reader.read(); !step.done; step = await reader.read()) take(step.value.n);
    },
    stop: () => {
      child.stdin.end();
      return gone(child);
    },
  };
}
