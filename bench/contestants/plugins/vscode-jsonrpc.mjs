import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";

const connection = createMessageConnection(new StreamMessageReader(process.stdin), new StreamMessageWriter(process.stdout));
let notes = 0;
connection.onRequest("greet", ({ name }) => `Hello, ${name}!`);
connection.onRequest("echo", ({ text }) => text);
connection.onNotification("note", () => void notes++);
connection.onRequest("flood", ({ count }) => {
  for (let index = 0; index < count; index++) void connection.sendNotification("note", { name: "host" });
  return notes;
});
connection.onClose(() => process.exit());
connection.listen();
