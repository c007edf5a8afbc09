import { Server, ServerCredentials } from "@grpc/grpc-js";
import { Greeter, OPTIONS } from "../grpc-definition.mjs";

const server = new Server(OPTIONS);
server.addService(Greeter.service, {
  greet: ({ request }, answer) => answer(null, { text: `Hello, ${request.name}!` }),
  echo: ({ request }, answer) => answer(null, { text: request.text }),
});
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
process.stdin.resume().on("end", () => process.exit());
