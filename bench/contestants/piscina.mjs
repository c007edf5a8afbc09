import { Piscina } from "piscina";
import { pluginFile } from "../lib/child.mjs";

/** Two threads. */
export async function start() {
  const pool = new Piscina({ filename: pluginFile("pooled"), minThreads: 2, maxThreads: 2 });
  return {
    pid: process.pid,
    work: (input) => pool.run(input, { name: "work" }),
    idle: (input) => pool.run(input, { name: "idle" }),
    stop: () => pool.destroy(),
  };
}
