import { isPluginError, NewClient } from "mortise";
import { jobs } from "./jobs.js";

const command = new URL("./jobs-plugin.js", import.meta.url);
await using client = NewClient({ command });
const { wait } = await client.dispense(jobs);
try {
  await wait({ ms: 5_000 }, { timeoutMs: 100 });
} catch (error) {
  if (isPluginError(error, "CALL_TIMEOUT")) console.log(error.message);
}

const controller = new AbortController();
const waiting = wait({ ms: 5_000 }, { signal: controller.signal });
controller.abort(new Error("No longer needed"));
await waiting.catch((reason) => console.log(reason.message));
