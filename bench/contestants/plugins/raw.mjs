// A plugin of plain JavaScript: newline-ended JSON over a socket, JSON.parse and JSON.stringify, nothing else.
import { createServer } from "node:net";
import { lineWriter, pour, readLines } from "../../lib/lines.mjs";
import { listen } from "../../lib/sockets.mjs";

const [mode, network] = process.argv.slice(2);

const server = createServer((socket) => {
  const write = lineWriter(socket, mode);
  let notes = 0;
  const handlers = {
    greet: ({ name }) => `Hello, ${name}!`,
    echo: ({ text }) => text,
    note: () => void notes++,
    flood: ({ count }) => {
      for (let index = 0; index < count; index++) write(JSON.stringify({ method: "note", params: { name: "host" } }));
      return notes;
    },
  };
  const numbers = async (id, { count }) => {
    await pour(socket, mode, count, (n) => JSON.stringify({ n }));
    write(JSON.stringify({ id, result: count }));
  };
  readLines(socket, (line) => {
    const { id, method, params } = JSON.parse(line);
    if (method === "numbers") return void numbers(id, params);
    const result = handlers[method](params);
    if (id !== undefined) write(JSON.stringify({ id, result }));
  });
  socket.on("close", () => process.exit());
});
listen(server, network);
