import { Host } from "../../dist/host.js";
import { pluginFile } from "../lib/child.mjs";
import { greeter } from "./mortise-greeter.mjs";

/** The same plugin, called by the handle of a host's session instead of a client of its own. */
export async function start() {
  const host = new Host({
    plugins: [{ id: "greeter", mode: "supervised", command: pluginFile("mortise"), transport: "tcp", required: true }],
  });
  await host.ready();
  const session = host.getSession("greeter");
  const { greet } = await session.dispense(greeter);
  return { pid: session.supervised.pid, call: greet, stop: () => host.close() };
}
