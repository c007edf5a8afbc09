// Counts the lines that arrive on each of its sockets. Where it was given a secret it is a plugin that hears events.
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

const HEARS = ["ticks/tick"];
const counts = [];
let expected = 0;
let asked = false;

process.on("disconnect", () => process.exit());
process.on("message", async ({ secret, count }) => {
  if (secret !== undefined) return process.send(await listen(secret));
  expected += count;
  asked = true;
  tell();
});

function tell() {
  if (!asked || counts.some((lines) => lines < expected)) return;
  asked = false;
  process.send({ expected });
}

async function listen(secret) {
  const server = createServer((socket) => {
    server.close();
    const index = counts.push(0) - 1;
    const countLines = (chunk) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) counts[index]++;
      if (counts[index] >= expected) tell();
    };
    socket.on("error", () => {});
    if (secret === null) socket.on("data", countLines);
    else prove(socket, secret, () => socket.on("data", countLines));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

/** The plugin's side of the handshake; nothing else comes before its second answer. */
function prove(socket, secret, onReady) {
  let step = 0;
  const onLine = (line) => {
    const { id, params } = JSON.parse(line);
    const challenge = randomBytes(32).toString("hex");
    const proof = () => createHmac("sha256", Buffer.from(secret, "hex")).update(`plugin:${params.challenge}:${challenge}`).digest("hex");
    const hello = () => ({
      protocolVersion: 1,
      apiVersion: 1,
      challenge,
      framing: "lines",
      proof: proof(),
      provides: [],
      events: HEARS,
      actions: [],
      hooks: [],
    });
    const isLast = step++ === 1;
    if (isLast) {
      socket.off("data", onData);
      onReady();
    }
    socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result: isLast ? {} : hello() })}\n`);
  };
  let text = "";
  const onData = (chunk) => {
    text += chunk;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      onLine(line);
    }
  };
  socket.on("data", onData);
}
