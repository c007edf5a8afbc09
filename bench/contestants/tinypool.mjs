import { Tinypool } from "tinypool";
import { pluginFile } from "../lib/child.mjs";

/** Two processes, as `instances` are. */
export const start = () => startTinypool("child_process");

export async function startTinypool(runtime) {
  const pool = new Tinypool({ filename: pluginFile("pooled"), runtime, minThreads: 2, maxThreads: 2 });
  return {
    pid: process.pid,
    work: (input) => pool.run(input, { name: "work" }),
    idle: (input) => pool.run(input, { name: "idle" }),
    stop: () => pool.destroy(),
  };
}
