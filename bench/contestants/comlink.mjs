import { Worker } from "node:worker_threads";
import { wrap } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { pluginFile } from "../lib/child.mjs";

/** comlink over a worker thread: no process of its own, and no notifications. Its memory is that of host and worker together. */
export async function start() {
  const worker = new Worker(pluginFile("comlink"));
  const remote = wrap(nodeEndpoint(worker));
  return {
    pid: process.pid,
    call: (input) => remote.greet(input),
    echoText: (text) => remote.echo({ text }),
    stop: () => worker.terminate(),
  };
}
