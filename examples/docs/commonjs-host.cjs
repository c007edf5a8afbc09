const { join } = require("node:path");
const { defineContract, method, NewClient } = require("mortise");

const greeter = defineContract("greeter", { greet: method() });

async function main() {
  const client = NewClient({ command: join(__dirname, "commonjs-plugin.cjs") });
  try {
    const { greet } = await client.dispense(greeter);
    console.log(await greet({ name: "world" }));
  } finally {
    await client.kill();
  }
}
main();
