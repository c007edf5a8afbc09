// #region kill
import { cleanupClients, NewClient } from "mortise";
import { greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
const client = NewClient({ command });
await client.start();
console.log(await client.kill());
// #endregion kill

// #region using
{
  await using scoped = NewClient({ command });
  const { greet } = await scoped.dispense(greeter);
  console.log(await greet({ name: "block" }));
}
// #endregion using

// #region crash
const crashing = NewClient({ command });
await crashing.start();
process.kill(crashing.pid as number, "SIGKILL");
const reason = await crashing.closed;
if (reason.kind === "exited") console.log(reason.exitCode, reason.signal);
// #endregion crash

// #region managed
const managed = NewClient({ command, managed: true });
await managed.start();
await cleanupClients();
console.log(managed.state);
// #endregion managed
