// Hosts that are killed at random points of installs, updates, rollbacks, uninstalls, wishes and tokens, one after another on one directory:
// what was acknowledged is there, and nothing in part.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Host } from "../../dist/host.js";
import { KilledKeeper } from "../../test/kit/install/killed-keeper.mjs";
import { atMost, random } from "./lib.mjs";

export async function storeKills({ count, seed }) {
  const dir = mkdtempSync(join(tmpdir(), "store-kills-"));
  const next = random(seed);
  let wrong = 0;
  try {
    const keeper = new KilledKeeper(Host, join(dir, "data"), [packageOf(dir, "1.0.0"), packageOf(dir, "2.0.0")]);
    for (let drill = 0; drill < count; drill++) {
      await keeper.kill(1_000 * drill, 1 + Math.floor(next() * 24), next() * 20).catch((error) => {
        wrong++;
        console.log(`  seed ${seed}, drill ${drill}: ${error.message}`);
      });
    }
    return [atMost(`hosts killed ${count} times while they kept ${keeper.steps} things: not as acknowledged`, wrong, 0)];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function packageOf(dir, version) {
  const path = join(dir, version);
  mkdirSync(path);
  writeFileSync(join(path, "mortise.json"), JSON.stringify({ id: "sample", name: "Sample", version, command: "./main.mjs" }));
  writeFileSync(join(path, "main.mjs"), `// ${version}\n${"x".repeat(50_000)}`);
  return path;
}
