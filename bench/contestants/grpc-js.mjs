import { credentials } from "@grpc/grpc-js";
import { gone, spawnListening } from "../lib/child.mjs";
import { Greeter, OPTIONS } from "./grpc-definition.mjs";

/** Unary calls over TCP without TLS. gRPC has no notification: what comes next to it is a stream. */
export async function start() {
  const { child, port } = await spawnListening("grpc-js");
  const client = new Greeter(`127.0.0.1:${port}`, credentials.createInsecure(), OPTIONS);
  const call = (method, input) =>
    new Promise((resolve, reject) => client[method](input, (error, answer) => (error ? reject(error) : resolve(answer.text))));
  return {
    pid: child.pid,
    call: (input) => call("greet", input),
    echoText: (text) => call("echo", { text }),
    stop: () => {
      client.close();
      child.stdin.end();
      return gone(child);
    },
  };
}
