import moleculer from "moleculer";
import { freePort } from "../../lib/child.mjs";

const [hostPort] = process.argv.slice(2);
const port = await freePort();
const urls = [`tcp://127.0.0.1:${hostPort}/host`, `tcp://127.0.0.1:${port}/plugin`];
const transporter = { type: "TCP", options: { port, urls, udpDiscovery: false, gossipPeriod: 1 } };
const broker = new moleculer.ServiceBroker({ logger: false, nodeID: "plugin", transporter });
broker.createService({ name: "greeter", actions: { greet: ({ params }) => `Hello, ${params.name}!` } });
await broker.start();
console.log(port);
process.stdin.resume().once("end", () => process.exit());
