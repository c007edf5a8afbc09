// A function in an input, and a deadline that it moves.
import { NewClient } from "mortise";
import { reports } from "./reports.js";

await using client = NewClient({ command: "./reports-plugin.js" });
const { build } = await client.dispense(reports);
// #region call
const onProgress = (page: number): void => console.log(`page ${page}`);
const options = { timeoutMs: 5_000, progressResetsTimeout: true, maxTotalMs: 60_000 };
console.log(await build({ pages: 3, onProgress }, options));
// #endregion call
