// Has V8 compile what a plugin loads as it serves, see src/serve/compiled.ts: a plugin runs it, and what V8 made of it by then is kept.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CHUNKS = new URL("../dist/chunks/plugin/", import.meta.url);

/** @throws {Error} If nothing came of it. */
export async function compile() {
  // A Node.js that could not use it: plugins load the module there.
  if (process.getBuiltinModule === undefined) return;
  const { NewClient, defineContract, method } = await import("../dist/index.js");
  const greeter = defineContract("greeter", { greet: method(), compiled: method() });
  const plugin = fileURLToPath(new URL("compile-plugin.mjs", import.meta.url));
  // Flags and coverage, which a variable may ask for, make another form, which plugins would not take.
  const client = NewClient({ command: [process.execPath, plugin], inheritEnv: false });
  try {
    const { greet, compiled } = await client.dispense(greeter);
    for (let calls = 0; calls < 3; calls++) await greet({ name: "world" });
    await compiled();
  } finally {
    await client.kill();
  }
  if (!readdirSync(CHUNKS).some((name) => name.endsWith(".cache"))) {
    throw new Error("Cannot build: the plugin's side was not compiled, and the plugin that was to do it ended without a word");
  }
}
