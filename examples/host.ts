// Starts every example plugin that this machine can run, whatever language it is written in, and calls them all in one way.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { discover, implement, NewClient } from "mortise";
import { control, countdown } from "./plugins/countdown/countdown.js";
import { greeter } from "./plugins/greeter/greeter.js";

const PLUGINS = new URL("./plugins/", import.meta.url);

const has = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: "ignore" }).status === 0;
const print = (name: string, said: string): void => console.log(`${name.padEnd(16)}${said}`);

// A Go plugin is built first. What is built is nobody's to keep.
const built = await mkdtemp(join(tmpdir(), "mortise-examples-"));
try {
  for (const command of await discover("*/plugin.js", PLUGINS)) await tryOut(nameOf(command), command);

  if (has("python3", "--version")) {
    for (const command of await discover("*/plugin.py", PLUGINS)) await tryOut(nameOf(command), command);
  } else print("python-greeter", "left out: there is no python3 on PATH");

  if (has("go", "version")) {
    execFileSync("go", ["build", "-buildvcs=false", "-o", built, "."], { cwd: new URL("go-greeter/", PLUGINS), stdio: "inherit" });
    for (const command of await discover("*", built)) await tryOut("go-greeter", command);
  } else print("go-greeter", "left out: there is no go on PATH");
} finally {
  await rm(built, { recursive: true, force: true });
}

/** Calls what the plugin provides, prints what came back, and ends it. */
async function tryOut(name: string, command: string): Promise<void> {
  const ticks: number[] = [];
  const client = NewClient({
    command,
    // What plugins may call back: those that count down do.
    provides: [implement(control, { tick: (left) => void ticks.push(left), go: () => true })],
  });
  try {
    const { provided } = await client.client();
    const provides = (contract: { readonly name: string }): boolean => provided.some(({ name }) => name === contract.name);
    assert.ok(provides(greeter) || provides(countdown), `${name} provides neither contract`);
    if (provides(greeter)) {
      const { greet } = await client.dispense(greeter);
      const greeting = await greet({ name: "world" });
      print(name, greeting);
      assert.equal(greeting, "Hello, world!");
    }
    if (provides(countdown)) {
      const { tempo, start } = await client.dispense(countdown);
      await tempo({ everyMs: 10 });
      const shout = await start(3);
      print(name, `${ticks.join(" ")} ${shout}`);
      assert.deepEqual([...ticks, shout], [3, 2, 1, "Lift-off!"]);
    }
  } finally {
    const reason = await client.kill();
    assert.equal(reason.kind === "killed" && !reason.forced, true, `${name} did not end when it was asked to`);
  }
}

function nameOf(command: string): string {
  return basename(dirname(command));
}
