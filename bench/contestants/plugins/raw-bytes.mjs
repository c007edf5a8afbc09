import { createServer } from "node:net";
import { readBlocks, writeBlock } from "../../lib/blocks.mjs";
import { listen } from "../../lib/sockets.mjs";

const server = createServer((socket) => {
  socket.setNoDelay(true);
  readBlocks(socket, (bytes) => writeBlock(socket, bytes));
  socket.on("close", () => process.exit());
});
listen(server, process.argv[2]);
