// Host and plugin have certificates from one authority.
import { readFileSync } from "node:fs";
import { NewClient } from "mortise";
import { text } from "./text.js";

// #region host
const read = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url));
await using client = NewClient({
  command: "./own-certificate-plugin.js",
  tls: { ca: read("authority.pem"), cert: read("host.pem"), key: read("host.key") },
});
const { change } = await client.dispense(text);
console.log(await change("by our own authority"));
// #endregion host
