import { readBlocks, writeBlock } from "../lib/blocks.mjs";
import { gone, spawnListening } from "../lib/child.mjs";
import { connectTo } from "../lib/sockets.mjs";

/** Bytes behind their length over TCP, each block collected before it is sent back, in plain JavaScript. */
export const start = () => startRawBytes("tcp");

export async function startRawBytes(network) {
  const { child, where } = await spawnListening("raw-bytes", network);
  const socket = await connectTo(where);
  socket.setNoDelay(true);
  let answered;
  readBlocks(socket, (bytes) => answered(bytes));
  return {
    pid: child.pid,
    echoBytes: (bytes) =>
      new Promise((resolve) => {
        answered = resolve;
        writeBlock(socket, bytes);
      }),
    stop: () => {
      socket.end();
      return gone(child);
    },
  };
}
