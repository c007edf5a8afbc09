import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
let dir: string;
let seen: any;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "copies-"));
  for (const copy of ["second", "third"]) cpSync(join(ROOT, "dist"), join(dir, copy), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(dir, "node_modules"));
  const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "test/fixtures/hosts/loads-two-copies.mjs"), join(dir, "second")], {
    encoding: "utf8",
    timeout: 60_000,
  });
  expect(stderr).toBe("");
  seen = JSON.parse(stdout);
}, 90_000);
afterAll(() => rmSync(dir, { recursive: true }));

test("a program may load two copies of the package", () => {
  expect(seen.distinct).toBe(true);
});

test("calls are numbered once in a process, whichever entry or copy they go through: no two on one side share a number", () => {
  const numbers = seen.calls.map(({ call }: { call: number }) => call);
  // Six calls, each seen from both sides.
  expect(numbers).toHaveLength(12);
  expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  expect(new Set(seen.calls.map(({ side }: { side: string }) => side))).toEqual(new Set(["caller", "handler"]));
});

test("plugins are told apart by their instance, whichever copy of the package connected them", () => {
  expect(new Set(seen.instances).size).toBe(2);
});

test("[L6] starts of all copies wait for each other: twice as many as there are processors run at a time", () => {
  const most = 2 * availableParallelism();
  expect(seen.turns).toEqual([most, most + 1]);
});

test("one guardian watches over the plugins of all copies, and one exit listener", () => {
  expect(seen.cleanup.running).toBe(1);
  const [before, during, after] = seen.cleanup.listening;
  expect([during - before, after - before]).toEqual([1, 0]);
});

test("cleanupClients() ends the managed clients of all copies, and `killed` is true in each, also where it is loaded later", () => {
  expect(seen.cleanup.states).toEqual(["closed", "closed"]);
  expect(seen.cleanup.before).toEqual([false, false]);
  expect(seen.cleanup.after).toEqual([true, true, true]);
});
