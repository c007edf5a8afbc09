import { NewClient } from "mortise";
import { ledger1, ledger2 } from "./ledger.js";

const command = new URL("./ledger-plugin.js", import.meta.url);
for (const apiVersions of [[1, 2], [1]]) {
  await using client = NewClient({ command, apiVersions });
  await client.start();
  const version = client.negotiatedVersion;
  const { balance } = version === 2 ? await client.dispense(ledger2) : await client.dispense(ledger1);
  console.log(version, await balance());
}
