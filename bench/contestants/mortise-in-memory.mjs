import { defineContract, implement, method } from "../../dist/contract.js";
import { connectInMemory } from "../../dist/testing.js";

const greeter = defineContract("greeter", { greet: method() });

/** `connectInMemory()`: two peers without a process and without a host. */
export async function start() {
  const connection = await connectInMemory({ provides: [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })] });
  const { greet } = await connection.dispense(greeter);
  return { pid: process.pid, call: greet, stop: () => connection.close() };
}
