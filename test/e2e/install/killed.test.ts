import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host } from "../../../src/host/index.js";
import { gate } from "../../kit/gate.js";
import { KilledKeeper } from "../../kit/install/killed-keeper.mjs";
import { samplePackage } from "../../kit/install/packages.js";

gate();
let root: string;
const outer = process.env["TMPDIR"];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "killed-"));
  process.env["TMPDIR"] = root;
});
afterEach(() => {
  process.env["TMPDIR"] = outer;
  rmSync(root, { recursive: true, force: true });
});

test("[F112, S46] what was acknowledged survives SIGKILL at points of install, update, rollback, uninstall, wishes and tokens; nothing is there in part", async () => {
  const keeper = new KilledKeeper(Host, join(root, "data"), [samplePackage("1.0.0"), samplePackage("2.0.0")]);
  // Eight of them; `npm run drill` has a hundred. Each host takes the directory of one that is dead.
  for (let round = 0; round < 8; round++) await keeper.kill(100 * round, 2 + Math.floor(14 * Math.random()), 12 * Math.random());
  expect(keeper.steps).toBeGreaterThan(8);
});
