import moleculer from "moleculer";
import { freePort, gone, spawnListening } from "../lib/child.mjs";

/** Two of its nodes, over its TCP transporter; each knows where the other is, instead of looking by UDP. */
export async function start() {
  const port = await freePort();
  const { child, where } = await spawnListening("moleculer", String(port));
  const urls = [`tcp://127.0.0.1:${port}/host`, `tcp://127.0.0.1:${where}/plugin`];
  const transporter = { type: "TCP", options: { port, urls, udpDiscovery: false, gossipPeriod: 1 } };
  const broker = new moleculer.ServiceBroker({ logger: false, nodeID: "host", transporter });
  await broker.start();
  await broker.waitForServices("greeter");
  return {
    pid: child.pid,
    call: (input) => broker.call("greeter.greet", input),
    async stop() {
      await broker.stop();
      child.kill();
      await gone(child);
    },
  };
}
