import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
const client = NewClient({ command });
try {
  const { greet } = await client.dispense(greeter);
  console.log(await greet({ name: "world" }));
} finally {
  await client.kill();
}
