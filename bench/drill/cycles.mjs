// Plugins that start and crash, again and again: the host holds afterwards what it held before.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NewClient } from "../../dist/index.js";
import { atMost, census, fixture, growth, repeat } from "./lib.mjs";

// The code that V8 makes of what runs often is heap, too: 2 MB, which are there before anything is counted. Without that code
// (--max-opt=0) the heap does not grow at all.
const WARM_UP = 2_000;
const MAX_MB = 2;

/** A plugin in Node.js that is killed once it is ready. */
export function nodeCycles({ count }) {
  let wrong = 0;
  const cycle = async (number) => {
    const client = NewClient({
      command: fixture("plugins/echo.mjs"),
      minPort: 0,
      maxPort: 0,
      transport: number % 2 === 0 ? "tcp" : "unix",
    });
    await client.start();
    process.kill(client.pid, "SIGKILL");
    if ((await client.closed).kind !== "exited") wrong++;
  };
  return cycles(`${count} crashes of a ready plugin`, { count, width: 2, cycle, wrong: () => wrong });
}

/** A compiled plugin that announces an address and crashes. */
export async function stubCycles({ count }) {
  const dir = mkdtempSync(join(tmpdir(), "drill-"));
  const stub = join(dir, "stub");
  const source = fileURLToPath(new URL("stub.c", import.meta.url));
  if (spawnSync("cc", ["-O1", "-o", stub, source], { stdio: "inherit" }).status !== 0) {
    console.log("  There is no C compiler here: the cycles with a compiled plugin are left out.");
    rmSync(dir, { recursive: true });
    return [];
  }
  let wrong = 0;
  const cycle = async () => {
    const client = NewClient({ command: stub, minPort: 0, maxPort: 0 });
    const error = await client.start().catch((failure) => failure);
    if (error?.signal !== "SIGABRT") wrong++;
  };
  try {
    return await cycles(`${count} crashes of a compiled plugin`, { count, width: 4, cycle, wrong: () => wrong });
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function cycles(title, { count, width, cycle, wrong }) {
  await repeat(Math.min(WARM_UP, count), width, cycle);
  const before = await census();
  const begun = performance.now();
  await repeat(count, width, cycle);
  const perSecond = count / ((performance.now() - begun) / 1_000);
  const after = await census();
  console.log(`  ${title}: ${perSecond.toFixed(0)} per second`);
  return [atMost(`${title}: told as something else`, wrong(), 0), ...growth(title, before, after, MAX_MB)];
}
