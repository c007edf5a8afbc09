import { fileURLToPath } from "node:url";
import { loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const definition = loadSync(fileURLToPath(new URL("greeter.proto", import.meta.url)));

export const { Greeter } = loadPackageDefinition(definition).bench;
/** Its default is 4 MiB; the longest text here has 16. */
export const OPTIONS = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
