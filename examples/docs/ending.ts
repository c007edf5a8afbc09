// Who starts a plugin ends it.
import { cleanupClients, NewClient } from "mortise";
import { text } from "./text.js";

const command = ["./mux-plugin.js", "upper"] as const;

// #region kill
const client = NewClient({ command });
await client.start();
console.log(await client.kill());
// #endregion kill

// #region using
{
  await using scoped = NewClient({ command });
  const { change } = await scoped.dispense(text);
  console.log(await change("ends with this block"));
}
// #endregion using

// #region managed
const managed = NewClient({ command, managed: true });
await managed.start();
await cleanupClients();
console.log(managed.state);
// #endregion managed

// #region crash
const crashing = NewClient({ command });
await crashing.start();
process.kill(crashing.pid as number, "SIGKILL");
const reason = await crashing.closed;
if (reason.kind === "exited") console.log(reason.exitCode, reason.signal);
// #endregion crash
