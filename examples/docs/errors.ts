import { isPluginError, NewClient } from "mortise";
import { account } from "./account.js";

const command = new URL("./account-plugin.js", import.meta.url);
await using client = NewClient({ command });
const { withdraw } = await client.dispense(account);
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
