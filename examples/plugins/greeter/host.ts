import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const client = NewClient({ command: "./plugin.js" });
try {
  const { greet } = await client.dispense(greeter);
  console.log(await greet({ name: "world" }));
} finally {
  await client.kill();
}
