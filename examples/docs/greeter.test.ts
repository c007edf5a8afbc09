import { NewClient } from "mortise";
import { implement } from "mortise/plugin";
import { connectInMemory } from "mortise/testing";
import { expect, test } from "vitest";
import { greeter } from "./greeter.js";

test("the implementation greets", async () => {
  const implementation = implement(greeter, { greet: ({ name }) => `Hello, ${name}!` });
  await using connection = await connectInMemory({ provides: [implementation] });
  expect(await connection.dispense(greeter).greet({ name: "test" })).toBe("Hello, test!");
});

test("the plugin's process greets", async () => {
  await using client = NewClient({ command: new URL("./plugin.js", import.meta.url) });
  const { greet } = await client.dispense(greeter);
  expect(await greet({ name: "test" })).toBe("Hello, test!");
});
