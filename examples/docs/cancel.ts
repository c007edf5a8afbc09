// A call ends by its own deadline, or by a signal.
import { isPluginError, NewClient } from "mortise";
import { jobs } from "./jobs.js";

await using client = NewClient({ command: "./jobs-plugin.js" });
const { wait } = await client.dispense(jobs);
// #region call
try {
  await wait({ ms: 5_000 }, { timeoutMs: 100 });
} catch (error) {
  if (isPluginError(error, "CALL_TIMEOUT")) console.log(error.message);
}

const controller = new AbortController();
const waiting = wait({ ms: 5_000 }, { signal: controller.signal });
controller.abort(new Error("No longer needed"));
await waiting.catch((reason) => console.log(reason.message));
// #endregion call
