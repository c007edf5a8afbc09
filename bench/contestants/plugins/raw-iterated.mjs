import { createServer } from "node:net";
import { pourItems, readLines } from "../../lib/lines.mjs";
import { listen } from "../../lib/sockets.mjs";

async function* numbers(count) {
  for (let n = 0; n < count; n++) yield { n };
}

const server = createServer((socket) => {
  socket.setNoDelay(true);
  readLines(socket, async (line) => {
    await pourItems(socket, numbers(JSON.parse(line).count));
    socket.write("null\n");
  });
  socket.on("close", () => process.exit());
});
listen(server, process.argv[2]);
