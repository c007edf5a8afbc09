import cluster from "node:cluster";
import { once } from "node:events";
import { pluginFile } from "../lib/child.mjs";
import { startWorkers } from "../lib/workers.mjs";

/** Two processes of Node.js's own cluster, with its messages, and ids of our own. */
export function start() {
  cluster.setupPrimary({ exec: pluginFile("clustered") });
  return startWorkers(() => {
    const worker = cluster.fork();
    const exited = once(worker, "exit");
    const end = () => {
      worker.disconnect();
      return exited;
    };
    return { worker, send: (message) => worker.send(message), end };
  });
}
