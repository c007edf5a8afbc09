// The plugin of scripts/compile.mjs.
import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Script } from "node:vm";
import * as contract from "../dist/contract.js";

const DIRECTORY = new URL("../dist/chunks/plugin/", import.meta.url);
const text = readFileSync(new URL("serving.cjs", DIRECTORY));
// The same for everybody: V8 keeps it.
const script = new Script(text.toString("latin1"), { filename: "mortise/dist/chunks/plugin/serving.cjs" });
const require = createRequire(import.meta.url);
const serving = {};
script.runInThisContext()(
  (name) => (name === "mortise/contract" ? contract : require(name)),
  () => Promise.reject(new Error("What is loaded late is not compiled")),
  serving,
);

/** Keeps what V8 has made of the functions that were called so far. */
function compiled() {
  const { versions, platform, arch } = process;
  const data = script.createCachedData();
  const digest = createHash("sha256").update(text).update(data).digest();
  const file = new URL(`serving-${versions.v8}-${platform}-${arch}.cache`, DIRECTORY);
  const part = new URL("serving.part", DIRECTORY);
  writeFileSync(part, Buffer.concat([digest, data]));
  renameSync(part, file);
}

const greeter = contract.defineContract("greeter", { greet: contract.method(), compiled: contract.method() });
await serving.runPlugin({ provides: [contract.implement(greeter, { greet: ({ name }) => `Hello, ${name}!`, compiled })] });
