// The plugin of scripts/compile.mjs.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";
import * as contract from "../dist/contract.js";

const DIRECTORY = new URL("../dist/chunks/plugin/", import.meta.url);
const filename = new URL("serving.cjs", DIRECTORY);
const script = new Script(readFileSync(filename, "latin1"), { filename: filename.href });
const require = createRequire(import.meta.url);
const serving = {};
script.runInThisContext()(
  (name) => (name === "mortise/contract" ? contract : require(name)),
  () => Promise.reject(new Error("What is loaded late is not compiled")),
  serving,
);
process.on("exit", () => {
  const { versions, platform, arch } = process;
  writeFileSync(new URL(`serving-${versions.v8}-${platform}-${arch}.cache`, DIRECTORY), script.createCachedData());
});
const greeter = contract.defineContract("greeter", { greet: contract.method() });
await serving.runPlugin({ provides: [contract.implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })] });
