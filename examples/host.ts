// Starts every example plugin that this machine can run, whatever language it is written in, and calls them all in one way.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { type Client, discover, implement, NewClient } from "mortise";
import { control, countdown } from "./plugins/countdown/countdown.js";
import { greeter } from "./plugins/greeter/greeter.js";
import { kv } from "./plugins/kv/kv.js";
import { thumbnailer } from "./plugins/thumbnailer/thumbnailer.js";

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
    assert.ok([greeter, countdown, kv, thumbnailer].some(provides), `${name} provides none of the contracts`);
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
    if (provides(kv)) print(name, await tryStore(client));
    if (provides(thumbnailer)) print(name, await tryThumbnailer(client));
  } finally {
    const reason = await client.kill();
    assert.equal(reason.kind === "killed" && !reason.forced, true, `${name} did not end when it was asked to`);
  }
}

/** Bytes in, through a stream, and out again. */
async function tryStore(client: Client): Promise<string> {
  const { load, get, list } = await client.dispense(kv);
  async function* entries() {
    for (const key of ["one", "two"]) yield { key, value: Buffer.from(key) };
  }
  await load({ entries: entries() });
  const keys: string[] = [];
  for await (const key of list({ prefix: "" })) keys.push(key);
  assert.deepEqual([keys, await get({ key: "one" })], [["one", "two"], Uint8Array.from(Buffer.from("one"))]);
  return `holds ${keys.join(" and ")}`;
}

/** Bytes in and out, and a function that the plugin calls meanwhile. */
async function tryThumbnailer(client: Client): Promise<string> {
  const { shrink } = await client.dispense(thumbnailer);
  let calls = 0;
  const image = Buffer.from("P5 4 4 255\n0123456789abcdef");
  const { width, height } = await shrink({ image, maxSize: 2, onProgress: () => void calls++ });
  assert.deepEqual([width, height, calls], [2, 2, 2]);
  return `${width} x ${height} pixels, ${calls} reports`;
}

function nameOf(command: string): string {
  return basename(dirname(command));
}
