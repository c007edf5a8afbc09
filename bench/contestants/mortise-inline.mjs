import { defineContract, implement, method } from "../../dist/contract.js";
import { Host } from "../../dist/host.js";

const greeter = defineContract("greeter", { greet: method() });

/** A plugin of a host that is code of the host's own program. */
export async function start() {
  const provides = [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })];
  const host = new Host({ plugins: [{ id: "greeter", mode: "inline", provides, required: true }] });
  await host.ready();
  const { greet } = await host.getSession("greeter").dispense(greeter);
  return { pid: process.pid, call: greet, stop: () => host.close() };
}
