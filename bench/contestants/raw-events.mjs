import { openSink, SUBSCRIBERS } from "../lib/sink.mjs";
import { connectTo } from "../lib/sockets.mjs";

/** The same lines, written by hand to as many such sockets: one JSON.stringify() an event, and one write a socket and tick. */
export async function start() {
  const sink = openSink();
  const sockets = await Promise.all(Array.from({ length: SUBSCRIBERS }, async () => connectTo(String(await sink.listen()))));
  let lastId = 0;
  return {
    pid: sink.pid,
    async emitAll(count) {
      const told = sink.told(count);
      let lines = "";
      for (let n = 0; n < count; n++) {
        const params = {
          topic: "ticks/tick",
          id: (++lastId).toString(36),
          source: "host",
          timeMs: Date.now(),
          value: { name: "world", n },
        };
        lines += `${JSON.stringify({ jsonrpc: "2.0", method: "rpc.event", params })}\n`;
      }
      for (const socket of sockets) socket.write(lines);
      await told;
    },
    async stop() {
      for (const socket of sockets) socket.end();
      await sink.close();
    },
  };
}
