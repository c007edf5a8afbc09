// #region call
import { NewClient } from "mortise";
import { reports } from "./reports.js";

const command = new URL("./reports-plugin.js", import.meta.url);
await using client = NewClient({ command });
const { lines, total } = await client.dispense(reports);

for await (const line of lines({ from: 7 })) {
  console.log(line);
  if (line === "line 9") break;
}

async function* amounts() {
  yield 20;
  yield 22;
}
console.log(await total({ amounts: amounts() }));
// #endregion call
// #region signal
const controller = new AbortController();
try {
  for await (const line of lines({ from: 1 }, { signal: controller.signal })) {
    if (line === "line 1000") controller.abort(new Error("Read enough"));
  }
} catch (reason) {
  console.log((reason as Error).message);
}
// #endregion signal
