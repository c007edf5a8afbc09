import { Worker } from "node:worker_threads";
import { pluginFile } from "../lib/child.mjs";
import { startWorkers } from "../lib/workers.mjs";

/** Two threads of Node.js, and ids of our own; each call to the one with the fewest in flight. */
export const start = () =>
  startWorkers(() => {
    const worker = new Worker(pluginFile("thread"));
    return { worker, send: (message) => worker.postMessage(message), end: () => worker.terminate() };
  });
