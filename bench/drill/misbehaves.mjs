#!/usr/bin/env node
// A plugin in raw bytes that behaves until it is told not to: "deaf" reads no more, "line" sends one that never ends, "flood" sends
// answers that nobody waits for.
import { createHmac } from "node:crypto";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

const secret = Buffer.from(process.env.PLUGIN_SECRET, "hex");
const chunk = Buffer.alloc(256 * 1024, "x");
const flood = Buffer.from('{"jsonrpc":"2.0","id":"nobody","result":null}\n'.repeat(2_000));
const notes = Buffer.from('{"jsonrpc":"2.0","method":"nobody.note","params":{"n":1}}\n'.repeat(2_000));

function answers(socket, { method, params }) {
  if (method === "rpc.hello") {
    const challenge = "00".repeat(32);
    const proof = createHmac("sha256", secret).update(`plugin:${params.challenge}:${challenge}`).digest("hex");
    return { protocolVersion: 1, apiVersion: 1, challenge, framing: "lines", proof, provides: [], events: [], actions: [] };
  }
  if (method === "raw.deaf") setImmediate(() => socket.pause());
  if (method === "raw.line") setImmediate(pour, socket, chunk);
  if (method === "raw.notes") setImmediate(pour, socket, notes);
  if (method === "raw.flood") setImmediate(pour, socket, flood);
  return {};
}

function pour(socket, bytes) {
  if (socket.destroyed) return;
  if (socket.write(bytes)) setImmediate(pour, socket, bytes);
  else socket.once("drain", () => pour(socket, bytes));
}

const server = createServer((socket) => {
  socket.on("error", () => {});
  createInterface({ input: socket }).on("line", (line) => {
    const message = JSON.parse(line);
    if (message.id !== undefined) socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: message.id, result: answers(socket, message) })}\n`);
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`1|1|tcp|127.0.0.1:${server.address().port}|jsonrpc|\n`));
process.stdin.on("end", () => process.exit(0)).resume();
