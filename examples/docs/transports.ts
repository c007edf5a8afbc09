// TCP is the default; a plugin has all three transports.
import { NewClient } from "mortise";
import { text } from "./text.js";

const command = ["./mux-plugin.js", "upper"] as const;
// #region transports
for (const transport of ["tcp", "unix", "websocket"] as const) {
  await using client = NewClient({ command, transport, minPort: 20_000, maxPort: 20_999 });
  const { network } = await client.start();
  const { change } = await client.dispense(text);
  console.log(transport, network, await change("hello"));
}
// #endregion transports

// #region limits
await using client = NewClient({ command, limits: { maxMessageBytes: 1_024, maxPendingCalls: 100 } });
const { change } = await client.dispense(text);
await change("x".repeat(2_000)).catch((error) => console.log(error.code, error.message));
// #endregion limits
