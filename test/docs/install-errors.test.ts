import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "vitest";
import { Host } from "../../src/host/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { type RawZipEntry, rawZip } from "../kit/raw/raw-zip.js";
import { expectShown } from "./expect-shown.js";

gate();
let root: string;
let host: Host;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "errors-"));
  host = new Host({ dataDir: join(root, "data"), app: { name: "blog", version: "1.4.0" } });
});
afterEach(async () => {
  await host.close();
  rmSync(root, { recursive: true });
});

async function refused(...entries: RawZipEntry[]): Promise<Error> {
  const file = join(root, "package.zip");
  writeFileSync(file, rawZip(entries));
  return rejection(host.install(file));
}
const manifest = (value: object): RawZipEntry => ({ name: "mortise.json", data: JSON.stringify(value) });

test("BAD_MANIFEST tells every fault, each with its JSON pointer", async () => {
  const wrong = { id: "../spelling", name: "Spelling", version: "1.0", comand: "./spelling.js" };
  await expectShown(await refused(manifest(wrong)), "BAD_MANIFEST");
});

test("BAD_ARCHIVE names the file and what it is", async () => {
  await expectShown(await refused({ name: "../../.bashrc", data: "x" }), "BAD_ARCHIVE");
});

test("INSTALL_FAILED says where the URL leads", async () => {
  await expectShown(await rejection(host.install("http://127.0.0.1:8080/spelling.zip")), "INSTALL_FAILED");
});

test("INCOMPATIBLE names both versions", async () => {
  const wanted = { id: "spelling", name: "Spelling", version: "1.0.0", command: "x", engines: { blog: ">=2" } };
  await expectShown(await refused(manifest(wanted), { name: "x", data: "" }), "INCOMPATIBLE");
});

test("STORE_LOCKED names who has the directory", async () => {
  await host.ready();
  await using second = new Host({ dataDir: join(root, "data") });
  const error = await rejection(second.ready());
  const since = / since (\S+)\n/.exec(error.message)?.[1] as string;
  await expectShown(error, "STORE_LOCKED", "STORE_LOCKED", { [root]: "/var/lib/blog", [since]: "2027-03-01T08:00:00.000Z" });
});

test("STORE_FAILED says what stands in the way", async () => {
  const taken = join(root, "taken");
  mkdirSync(taken);
  writeFileSync(join(taken, "notes.txt"), "x");
  await using other = new Host({ dataDir: taken });
  await expectShown(await rejection(other.ready()), "STORE_FAILED", "STORE_FAILED", { [root]: "/var/lib" });
});
