import { readFileSync } from "node:fs";
import { implement, serve } from "mortise/plugin";
import { greeter } from "./greeter.js";

const read = (name: string) => readFileSync(new URL(`./certificates/${name}`, import.meta.url));
await serve({
  provides: [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })],
  // With `ca` a host must show a certificate, too.
  tls: { cert: read("plugin.pem"), key: read("plugin.key"), ca: read("authority.pem") },
});
