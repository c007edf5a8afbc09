import { credentials } from "@grpc/grpc-js";
import { gone, spawnListening } from "../lib/child.mjs";
import { Greeter, OPTIONS } from "./grpc-definition.mjs";

/** Unary calls and server streaming over TCP without TLS. gRPC has no notification: what comes next to it is a stream. */
export async function start() {
  const { child, where } = await spawnListening("grpc-js");
  const client = new Greeter(`127.0.0.1:${where}`, credentials.createInsecure(), OPTIONS);
  const call = (method, input) =>
    new Promise((resolve, reject) => client[method](input, (error, answer) => (error ? reject(error) : resolve(answer))));
  return {
    pid: child.pid,
    call: async (input) => (await call("greet", input)).text,
    echoText: async (text) => (await call("echo", { text })).text,
    echoBytes: async (bytes) => (await call("echoBytes", { bytes })).bytes,
    readNumbers: (count, take) =>
      new Promise((resolve, reject) => {
        const items = client.numbers({ count });
        items.on("data", ({ n }) => take(n));
        items.on("end", resolve).on("error", reject);
      }),
    stop: () => {
      client.close();
      child.stdin.end();
      return gone(child);
    },
  };
}
