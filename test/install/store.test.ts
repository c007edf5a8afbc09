import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isRunning, startTimeOf } from "../../src/install/store/owner.js";
import { Store } from "../../src/install/store/store.js";
import { lockStore } from "../../src/install/store/store-lock.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
let root: string;
let dir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "store-"));
  dir = join(root, "data");
});
afterEach(() => rmSync(root, { recursive: true }));

test("what was kept is there when the store is opened again; what nobody knows is removed", async () => {
  const store = await Store.open(dir);
  await store.update("a", "Cannot", () => ({ wish: "active", settings: { x: 1 } }));
  await store.update("b", "Cannot", () => ({ tokens: [] }));
  await store.remove("b", "Cannot");
  await store.close();
  mkdirSync(join(dir, "staging/left/files"), { recursive: true });
  mkdirSync(join(dir, "trash/left"));
  mkdirSync(join(dir, "plugins/never-acknowledged/versions/1"), { recursive: true });
  mkdirSync(join(dir, "plugins/a/versions/unknown"), { recursive: true });
  writeFileSync(join(dir, "plugins/a/record.json.0.tmp"), "{");
  const again = await Store.open(dir);
  expect([again.ids, again.get("a"), again.get("b")]).toEqual([["a"], { wish: "active", settings: { x: 1 } }, {}]);
  expect([
    readdirSync(join(dir, "staging")),
    readdirSync(join(dir, "trash")),
    readdirSync(join(dir, "plugins")),
    readdirSync(join(dir, "plugins/a")).sort(),
    readdirSync(join(dir, "plugins/a/versions")),
  ]).toEqual([[], [], ["a"], ["record.json", "versions"], []]);
  expect([statSync(dir).mode & 0o777, statSync(join(dir, "plugins/a/record.json")).mode & 0o777]).toEqual([0o700, 0o600]);
  await again.close();
});

test("changes are made in the order in which they were asked for, and one that fails changes nothing", async () => {
  const store = await Store.open(dir);
  const changes = Array.from({ length: 20 }, (_, index) =>
    store.update("a", "Cannot", (record) => ({ settings: [...((record.settings as number[]) ?? []), index] })),
  );
  const failed = rejection(
    store.update("a", "Cannot", () => {
      throw new Error("no");
    }),
  );
  await Promise.all(changes);
  expect((await failed).message).toBe("no");
  expect(store.get("a").settings).toEqual(Array.from({ length: 20 }, (_, index) => index));
  await store.close();
});

test("a directory with others' files is no store, and neither is a damaged record", async () => {
  mkdirSync(dir);
  writeFileSync(join(dir, "package.json"), "{}");
  expect(await rejection(Store.open(dir))).toMatchObject({
    code: "STORE_FAILED",
    message: `Cannot open the store: "${dir}" has other files in it, as "package.json"\n  Give an empty directory, or one that is not there, as dataDir.`,
  });
  expect(readdirSync(dir)).toEqual(["package.json"]);
  rmSync(dir, { recursive: true });
  const store = await Store.open(dir);
  await store.update("a", "Cannot", () => ({ wish: "active" }));
  await store.close();
  writeFileSync(join(dir, "plugins/a/record.json"), '{"format":2}');
  expect((await rejection(Store.open(dir))).message).toMatch(/record\.json" is damaged, or was written by a later version\n {2}Move /);
  // The lock was let go of.
  expect(readdirSync(join(dir, "locks"))).toEqual([]);
});

test("of two hosts the second is refused, and names the first; once that is gone it has it", async () => {
  const store = await Store.open(dir);
  const error = await rejection(Store.open(dir));
  expect(error).toMatchObject({ code: "STORE_LOCKED" });
  expect(error.message).toMatch(
    /^Cannot open the store: another host of this program has had ".*data" since \S+\n {2}End it first, or give this host a dataDir of its own\.$/,
  );
  await store.close();
  await (await Store.open(dir)).close();
});

const lockOf = (more: object): void => {
  mkdirSync(join(dir, "locks"), { recursive: true });
  const own = {
    pid: process.pid,
    startTime: startTimeOf(process.pid),
    machine: "elsewhere",
    hostname: "other",
    program: "/srv/app.js",
    since: "2027-01-01T00:00:00.000Z",
  };
  writeFileSync(join(dir, "locks/1-x.lock"), JSON.stringify({ ...own, ...more }));
};

test("a lock of a dead host, or of a number that another process has now, is taken over", async () => {
  const lock = await lockStore(dir, "Cannot");
  const [name] = readdirSync(join(dir, "locks")) as [string];
  const { machine } = JSON.parse(readFileSync(join(dir, "locks", name), "utf8")) as { machine: string };
  await lock.release();
  for (const dead of [
    { machine, pid: 2 ** 22, startTime: "" },
    { machine, startTime: "1" },
    { machine, pid: 2 ** 22 },
  ]) {
    lockOf(dead);
    await (await lockStore(dir, "Cannot")).release();
  }
  expect(readdirSync(join(dir, "locks"))).toEqual([]);
  expect([isRunning(process.pid, startTimeOf(process.pid)), isRunning(process.pid, ""), isRunning(2 ** 22, "")]).toEqual([
    true,
    true,
    false,
  ]);
});

test("a host on another machine holds its lock while it says so, and is named", async () => {
  lockOf({});
  const error = await rejection(lockStore(dir, "Cannot open the store"));
  expect(error.message).toMatch(
    /: process \d+ \(\/srv\/app\.js\) on "other" has had ".*" since 2027-01-01T00:00:00\.000Z\n {2}If that is gone, this is over in 20 s, or remove ".*1-x\.lock"\.$/,
  );
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(join(dir, "locks/1-x.lock"), longAgo, longAgo);
  await (await lockStore(dir, "Cannot")).release();
});

test("of ten that want it at once, at most one has it, and it is to be had afterwards", async () => {
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => lockStore(dir, "Cannot")));
  const held = results.filter((result) => result.status === "fulfilled");
  expect(held.length).toBeLessThanOrEqual(1);
  for (const { value } of held) await value.release();
  await (await lockStore(dir, "Cannot")).release();
});
