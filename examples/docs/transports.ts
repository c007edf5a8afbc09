// #region transports
import { NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
for (const transport of ["tcp", "unix", "websocket"] as const) {
  await using client = NewClient({ command, transport, minPort: 20_000, maxPort: 20_999 });
  const { network } = await client.start();
  const { greet } = await client.dispense(greeter);
  console.log(transport, network, await greet({ name: "world" }));
}
// #endregion transports

// #region limits
await using client = NewClient({ command, limits: { maxMessageBytes: 1_024, maxPendingCalls: 100 } });
const { greet } = await client.dispense(greeter);
await greet({ name: "x".repeat(2_000) }).catch((error) => console.log(error.code, error.message));
// #endregion limits
