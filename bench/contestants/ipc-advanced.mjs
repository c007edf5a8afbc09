import { fork } from "node:child_process";
import { gone, pluginFile } from "../lib/child.mjs";
import { pendingCalls } from "../lib/pending.mjs";

/** child_process's own channel with serialization "advanced", with ids of our own: send() and "message" on both sides. */
export async function start() {
  const child = fork(pluginFile("ipc-advanced"), { serialization: "advanced" });
  const { call, answered } = pendingCalls((message) => child.send(message));
  let onItem;
  child.on("message", (message) => {
    if (message.n !== undefined) return void onItem(message.n);
    answered(message);
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
