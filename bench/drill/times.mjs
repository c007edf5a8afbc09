// How soon a crash is told to the calls that wait, and how soon kill() resolves after the plugin's own end.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineContract, method, NewClient } from "../../dist/index.js";
import { atMost, fixture, quantile } from "./lib.mjs";

// The first ones load what the host loads late.
const WARM_UP = 5;
const echo = defineContract("echo", { never: method() });

export async function crashTimes({ count }) {
  const times = [];
  for (let round = -WARM_UP; round < count; round++) {
    const client = NewClient({ command: fixture("plugins/echo.mjs"), minPort: 0, maxPort: 0 });
    const { never } = await client.dispense(echo);
    const calls = Array.from({ length: 20 }, () => never().catch(() => performance.now()));
    await (await client.client()).ping();
    const begun = performance.now();
    process.kill(client.pid, "SIGKILL");
    const ms = Math.max(...(await Promise.all(calls))) - begun;
    if (round >= 0) times.push(ms);
    await client.closed;
  }
  console.log(`  From SIGKILL to the last call rejected, the slowest of ${count}: ${Math.max(...times).toFixed(1)} ms`);
  return [
    atMost(`from SIGKILL to the last of 20 calls rejected, median of ${count}`, quantile(times, 0.5), 20, "ms"),
    atMost("the same, 99th percentile", quantile(times, 0.99), 20, "ms"),
  ];
}

/**
 * A plugin's last word comes some ms before its process ends, for Node.js takes itself down in between: what is measured from there is
 * more than what is promised. What is measured from the event of the exit, on the same plugins, is less.
 */
export async function killTimes({ count }) {
  const dir = mkdtempSync(join(tmpdir(), "drill-"));
  const [times, fromExit] = [[], []];
  let exited;
  const onSpawn = ({ process: child }) => {
    child.prependOnceListener("exit", () => {
      if (!child.spawnargs.at(-1).startsWith("mortise-guardian")) exited = process.hrtime.bigint();
    });
  };
  subscribe("child_process", onSpawn);
  for (let round = -WARM_UP; round < count; round++) {
    const file = join(dir, String(round));
    const client = NewClient({ command: [fixture("plugins/tells-when-it-ends.mjs"), file], minPort: 0, maxPort: 0 });
    await client.start();
    await client.kill();
    const now = process.hrtime.bigint();
    if (round < 0) continue;
    times.push(Number(now - BigInt(readFileSync(file, "utf8"))) / 1e6);
    fromExit.push(Number(now - exited) / 1e6);
  }
  unsubscribe("child_process", onSpawn);
  rmSync(dir, { recursive: true });
  return [
    atMost(`from a plugin's last word to kill() resolved, median of ${count}`, quantile(times, 0.5), 15, "ms"),
    atMost("the same, 99th percentile", quantile(times, 0.99), 15, "ms"),
    atMost("the same, slowest", Math.max(...times), 15, "ms"),
    atMost("of that, from the event of its exit on, slowest", Math.max(...fromExit), 15, "ms"),
  ];
}
