import { gone, spawnListening } from "../lib/child.mjs";
import { ItemQueue } from "../lib/item-queue.mjs";
import { readLines } from "../lib/lines.mjs";
import { connectTo } from "../lib/sockets.mjs";

/** A stream as "raw-joined" writes it, but from an async generator into a `for await` loop, as a stream of mortise is written and read. */
export const start = () => startIterated("tcp");

export async function startIterated(network) {
  const { child, where } = await spawnListening("raw-iterated", network);
  const socket = await connectTo(where);
  socket.setNoDelay(true);
  const items = new ItemQueue(socket);
  readLines(socket, (line) => {
    const item = JSON.parse(line);
    if (item === null) items.end();
    else items.push(item);
  });
  return {
    pid: child.pid,
    readNumbers: async (count, take) => {
      socket.write(`${JSON.stringify({ count })}\n`);
      for await (const { n } of items) take(n);
    },
    stop: () => {
      socket.end();
      return gone(child);
    },
  };
}
