// Has V8 compile what a plugin loads as it serves, see src/serve/compiled.ts: a plugin runs it, and what V8 made of it by the end is kept.
import { fileURLToPath } from "node:url";

export async function compile() {
  const { NewClient, defineContract, method } = await import("../dist/index.js");
  const greeter = defineContract("greeter", { greet: method() });
  const client = NewClient({ command: [process.execPath, fileURLToPath(new URL("compile-plugin.mjs", import.meta.url))] });
  try {
    const { greet } = await client.dispense(greeter);
    for (let calls = 0; calls < 3; calls++) await greet({ name: "world" });
  } finally {
    await client.kill();
  }
}
