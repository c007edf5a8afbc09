import { readFileSync } from "node:fs";
import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const read = (name: string) => readFileSync(new URL(`./certificates/${name}`, import.meta.url));
await using client = NewClient({
  command: new URL("./own-certificate-plugin.js", import.meta.url),
  tls: { ca: read("authority.pem"), cert: read("host.pem"), key: read("host.key") },
});
const { greet } = await client.dispense(greeter);
console.log(await greet({ name: "world" }));
