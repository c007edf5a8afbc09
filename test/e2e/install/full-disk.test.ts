import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host } from "../../../src/host/index.js";
import { memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { samplePackage } from "../../kit/install/packages.js";

gate();
let root: string;
let disk: string;
let isMounted = false;
const outer = process.env["TMPDIR"];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "full-"));
  process.env["TMPDIR"] = root;
  disk = join(root, "disk");
  mkdirSync(disk);
  isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", disk]).status === 0;
});
afterEach(() => {
  process.env["TMPDIR"] = outer;
  if (isMounted) spawnSync("umount", ["-l", disk]);
  rmSync(root, { recursive: true, force: true });
});
/** Takes all room that is left. */
function fill(): () => void {
  const file = join(disk, "filler");
  let left = 512;
  for (let chunk = 64; chunk >= 1; ) {
    try {
      writeFileSync(file, Buffer.alloc(chunk * 1_024), { flag: "a" });
      left -= chunk;
      if (left < 0) break;
    } catch {
      chunk = Math.floor(chunk / 4);
    }
  }
  return () => rmSync(file);
}

test("[F112, F137] a full disk is an error that names it and changes nothing; when there is room again, all goes on", async (context) => {
  if (!isMounted) return context.skip("this user may not mount a tmpfs");
  const logger = memoryLogger();
  await using host = new Host({ dataDir: join(disk, "data"), logger });
  await host.ready();
  const session = await host.install(samplePackage("1.0.0"));
  const before = readFileSync(join(disk, "data/plugins/sample/record.json"), "utf8");
  const empty = fill();
  const attempts: [string, () => Promise<unknown>][] = [
    ["install", () => host.install(samplePackage("1.0.0", { id: "other" }))],
    ["update", () => host.update("sample", samplePackage("2.0.0", {}, { "big.bin": "x".repeat(100_000) }))],
    ["wish", () => session.setActiveState("active")],
    ["grant", () => session.grant({ events: ["*"] })],
    ["token", () => host.tokens.issue("remote")],
  ];
  for (const [what, attempt] of attempts) {
    const error = await rejection(attempt());
    expect(error, what).toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(/^Cannot .*: "\/.*" could not be written: the disk is full\n {2}Nothing was changed\.$/),
    });
  }
  expect([session.reportedState, session.activeState, session.grants.events, session.manifest?.version]).toEqual([
    "inactive",
    "inactive",
    [],
    "1.0.0",
  ]);
  expect(readFileSync(join(disk, "data/plugins/sample/record.json"), "utf8")).toBe(before);
  expect(readdirSync(join(disk, "data/plugins")).sort()).toEqual(["sample"]);
  expect(readdirSync(join(disk, "data/staging"))).toEqual([]);
  empty();
  await session.grant({ events: ["*"] });
  await host.update("sample", samplePackage("2.0.0"));
  await session.setActiveState("active");
  expect([session.reportedState, session.manifest?.version, session.grants.events]).toEqual(["active", "2.0.0", ["*"]]);
});
