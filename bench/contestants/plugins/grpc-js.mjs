import { once } from "node:events";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Greeter, OPTIONS } from "../grpc-definition.mjs";

const server = new Server(OPTIONS);
server.addService(Greeter.service, {
  greet: ({ request }, answer) => answer(null, { text: `Hello, ${request.name}!` }),
  echo: ({ request }, answer) => answer(null, { text: request.text }),
  echoBytes: ({ request }, answer) => answer(null, { bytes: request.bytes }),
  numbers: async (call) => {
    for (let n = 0; n < call.request.count; n++) if (!call.write({ n })) await once(call, "drain");
    call.end();
  },
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.resume().on("end", () => process.exit());
