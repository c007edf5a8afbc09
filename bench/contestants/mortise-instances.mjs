import { defineContract, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";
import { pluginFile } from "../lib/child.mjs";

const worker = defineContract("worker", { work: method(), idle: method() });

/** A session with two processes: a call goes to the one with the fewest in flight. */
export async function start() {
  const command = pluginFile("mortise-worker");
  const host = new Host({ plugins: [{ id: "worker", mode: "supervised", command, transport: "tcp", instances: 2, required: true }] });
  await host.ready();
  const session = host.getSession("worker");
  const { work, idle } = await session.dispense(worker);
  return { pid: session.supervised.pid, work, idle, stop: () => host.close() };
}
