import { fileURLToPath } from "node:url";
import { isPluginError, NewClient } from "mortise";
import { files } from "./files.js";

const plugin = fileURLToPath(new URL("./sandboxed-plugin.js", import.meta.url));
// Its own files and its packages: here they are all below one directory.
const project = fileURLToPath(new URL("../../", import.meta.url));

const knows = (flag: string): boolean => process.allowedNodeEnvironmentFlags.has(flag);
const flags = [
  knows("--permission") ? "--permission" : "--experimental-permission",
  `--allow-fs-read=${project}*`,
  // Without it, newer ones of Node.js let a plugin neither connect nor listen.
  ...(knows("--allow-net") ? ["--allow-net"] : []),
];

await using client = NewClient({ command: plugin, execArgv: flags, inheritEnv: false });
const { read } = await client.dispense(files);
console.log((await read(plugin)).length > 0);
await read("/etc/passwd").catch((error) => {
  if (isPluginError(error, "REMOTE_ERROR")) console.log(error.remoteCode);
});
