import { NewClient } from "mortise";
import { implement } from "mortise/plugin";
import { connectInMemory } from "mortise/testing";
import { greeter } from "./greeter.js";

test("the implementation greets", async () => {
  const implementation = implement(greeter, { greet: ({ name }) => `Hello, ${name}!` });
  const connection = await connectInMemory({ provides: [implementation] });
  expect(await connection.dispense(greeter).greet({ name: "test" })).toBe("Hello, test!");
  await connection.close();
});

test("the plugin's process greets", async () => {
  const client = NewClient({ command: new URL("./plugin.js", import.meta.url) });
  try {
    const { greet } = await client.dispense(greeter);
    expect(await greet({ name: "test" })).toBe("Hello, test!");
  } finally {
    await client.kill();
  }
});
