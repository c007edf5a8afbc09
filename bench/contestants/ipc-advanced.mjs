import { fork } from "node:child_process";
import { gone, pluginFile } from "../lib/child.mjs";

/** child_process's own channel with serialization "advanced", with ids of our own: send() and "message" on both sides. */
export async function start() {
  const child = fork(pluginFile("ipc-advanced"), { serialization: "advanced" });
  const pending = new Map();
  let nextId = 0;
  let onItem;
  child.on("message", (message) => {
    if (message.n !== undefined) return void onItem(message.n);
    const { id, result } = message;
    const resolve = pending.get(id);
    pending.delete(id);
    resolve(result);
  });
  const call = (method, params) =>
    new Promise((resolve) => {
      const id = nextId++;
      pending.set(id, resolve);
      child.send({ id, method, params });
    });
  return {
    pid: child.pid,
    echoBytes: (bytes) => call("echoBytes", { bytes }),
    readNumbers: (count, take) => {
      onItem = take;
      return call("numbers", { count });
    },
    stop: () => {
      child.disconnect();
      return gone(child);
    },
  };
}
