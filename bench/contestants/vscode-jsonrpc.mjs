import { spawn } from "node:child_process";
import { createMessageConnection, StreamMessageReader, StreamMessageWriter } from "vscode-jsonrpc/node";
import { gone, pluginFile } from "../lib/child.mjs";

/** vscode-jsonrpc's message connection with its stream reader and writer, over stdio: faster for it than TCP. */
export async function start() {
  const child = spawn(process.execPath, [pluginFile("vscode-jsonrpc")], { stdio: ["pipe", "pipe", "inherit"] });
  const connection = createMessageConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  let notes = 0;
  connection.onNotification("note", () => void notes++);
  connection.listen();
  return {
    pid: child.pid,
    call: (input) => connection.sendRequest("greet", input),
    echoText: (text) => connection.sendRequest("echo", { text }),
    notify: (input) => connection.sendNotification("note", input),
    flood: (count) => connection.sendRequest("flood", { count }),
    received: () => notes,
    stop: () => {
      connection.dispose();
      child.stdin.end();
      return gone(child);
    },
  };
}
