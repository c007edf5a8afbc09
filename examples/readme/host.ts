import { implement, isPluginError, NewClient } from "mortise";
import { clock, greeter } from "./greeter.js";

const command = new URL("./plugin.js", import.meta.url);
// #region provides
const provides = [implement(clock, { hour: () => 9 })];
const client = NewClient({ command, provides });
// #endregion provides
try {
  const { greet } = await client.dispense(greeter);
  console.log(await greet({ name: "world" }));
  // #region validate
  const { invite } = await client.dispense(greeter);
  console.log(await invite({ name: "Ada", guests: 2 }));
  await invite({ name: "Ada", guests: -2 }).catch((error) => console.log(error.message));
  // #endregion validate
  // #region stream
  const { countdown } = await client.dispense(greeter);
  for await (const left of countdown({ from: 10 })) {
    console.log(left);
    if (left === 9) break;
  }
  // #endregion stream
  // #region progress
  const { greetAll } = await client.dispense(greeter);
  const onProgress = (done: number): void => console.log(`${done} done`);
  console.log(await greetAll({ names: ["Ada", "Alan"], onProgress }, { timeoutMs: 5_000 }));
  // #endregion progress
  // #region callback
  const { welcome } = await client.dispense(greeter);
  console.log(await welcome({ name: "Ada" }));
  // #endregion callback
  // #region errors
  const { enter } = await client.dispense(greeter);
  try {
    await enter({ name: "Bob" });
  } catch (error) {
    if (!isPluginError(error, "REMOTE_ERROR")) throw error;
    console.log(error.remoteCode, error.message);
  }
  // #endregion errors
} finally {
  // #region ending
  console.log(await client.kill());
  // #endregion ending
}
