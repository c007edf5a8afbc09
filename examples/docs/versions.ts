// The highest apiVersion that both sides speak is agreed.
// #region host
import { NewClient } from "mortise";
import { ledger1, ledger2 } from "./ledger.js";

for (const apiVersions of [[1, 2], [1]]) {
  await using client = NewClient({ command: "./ledger-plugin.js", apiVersions });
  await client.start();
  const balance = client.negotiatedVersion === 2 ? (await client.dispense(ledger2)).balance : (await client.dispense(ledger1)).balance;
  console.log(client.negotiatedVersion, await balance());
}
// #endregion host
