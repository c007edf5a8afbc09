// `raw` that proves itself, has its host prove itself, and ends with its stdin.
import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { lineWriter, readLines } from "../../lib/lines.mjs";
import { listen } from "../../lib/sockets.mjs";

const secret = Buffer.from(process.env.SECRET, "hex");
delete process.env.SECRET;
process.stdin.on("end", () => process.exit()).resume();

const server = createServer((socket) => {
  const write = lineWriter(socket, "separate");
  const plugin = randomBytes(32).toString("hex");
  let host;
  let proven = false;
  const prove = (side) => createHmac("sha256", secret).update(`${side}:${host}:${plugin}`).digest("hex");
  const handlers = {
    hello({ challenge }) {
      host = challenge;
      return { challenge: plugin, proof: prove("plugin") };
    },
    ready({ proof }) {
      proven = proof === prove("host");
    },
    greet({ name }) {
      if (!proven) return socket.destroy();
      return `Hello, ${name}!`;
    },
  };
  readLines(socket, (line) => {
    const { id, method, params } = JSON.parse(line);
    write(JSON.stringify({ id, result: handlers[method](params) ?? null }));
  });
  socket.on("close", () => process.exit());
});
listen(server, "tcp");
