import { NewClient } from "mortise";
import { builds } from "./builds.js";

const command = new URL("./builds-plugin.js", import.meta.url);
await using client = NewClient({ command });
const { build } = await client.dispense(builds);
const onProgress = (page: number): void => console.log(`page ${page}`);
const options = { timeoutMs: 5_000, progressResetsTimeout: true, maxTotalMs: 60_000 };
console.log(await build({ pages: 3, onProgress }, options));
