import moleculer from "moleculer";

/** Moleculer's broker with a service of its own process. */
export async function start() {
  const broker = new moleculer.ServiceBroker({ logger: false, nodeID: "host" });
  broker.createService({ name: "greeter", actions: { greet: ({ params }) => `Hello, ${params.name}!` } });
  await broker.start();
  return { pid: process.pid, call: (input) => broker.call("greeter.greet", input), stop: () => broker.stop() };
}
