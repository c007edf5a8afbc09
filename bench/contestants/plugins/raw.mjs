// A plugin of plain JavaScript: newline-ended JSON over TCP, JSON.parse and JSON.stringify, nothing else.
import { createServer } from "node:net";
import { lineWriter, readLines } from "../../lib/lines.mjs";

const server = createServer((socket) => {
  const write = lineWriter(socket, process.argv[2]);
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
  readLines(socket, (line) => {
    const { id, method, params } = JSON.parse(line);
    const result = handlers[method](params);
    if (id !== undefined) write(JSON.stringify({ id, result }));
  });
  socket.on("close", () => process.exit());
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
