import { parentPort } from "node:worker_threads";
import { idle, work } from "../../lib/work.mjs";

const functions = { idle, work };

parentPort.on("message", ({ id, name, input }) => parentPort.postMessage({ id, result: functions[name](input) }));
