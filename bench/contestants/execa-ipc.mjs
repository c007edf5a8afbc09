import { execaNode } from "execa";
import { gone, pluginFile } from "../lib/child.mjs";

/** execa IPC: sendMessage() and getEachMessage() on both sides, with ids of our own, for it has none; as JSON, its faster way. */
export async function start() {
  const child = execaNode(pluginFile("execa-ipc"), {
    ipc: true,
    serialization: "json",
    buffer: false,
    reject: false,
    stdout: "inherit",
    stderr: "inherit",
  });
  const pending = new Map();
  let nextId = 0;
  let notes = 0;
  void readAnswers();
  async function readAnswers() {
    for await (const { id, result } of child.getEachMessage()) {
      if (id === undefined) notes++;
      else {
        const resolve = pending.get(id);
        pending.delete(id);
        resolve(result);
      }
    }
  }
  const call = (method, params) =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      pending.set(id, resolve);
      child.sendMessage({ id, method, params }).catch(reject);
    });
  return {
    pid: child.pid,
    call: (input) => call("greet", input),
    echoText: (text) => call("echo", { text }),
    notify: (input) => child.sendMessage({ method: "note", params: input }),
    flood: (count) => call("flood", { count }),
    received: () => notes,
    stop: () => {
      child.disconnect();
      return gone(child);
    },
  };
}
