// What a handler throws arrives with its text, name, code and data.
import { isPluginError, NewClient } from "mortise";
import { jobs } from "./jobs.js";

await using client = NewClient({ command: "./jobs-plugin.js" });
const { withdraw } = await client.dispense(jobs);
// #region call
try {
  await withdraw({ amount: 80 });
} catch (error) {
  if (!isPluginError(error)) throw error;
  if (isPluginError(error, "REMOTE_ERROR")) console.log(error.remoteCode, error.data, error.message);
  else if (error.code === "NOT_SENT") console.log("It did not run: calling again is safe");
  else console.log(error.code, error.message);
}
// #endregion call
