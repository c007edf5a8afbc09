// What installing costs beside unzip, what plugins that are installed and inactive cost a host's start, and what the end of a long log costs.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Host } from "../../dist/host.js";
import { atMost, quantile } from "./lib.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROUNDS = 5;
const manifest = (id) => JSON.stringify({ id, name: id, version: "1.0.0", command: "./main.mjs" });

/** @param count Plugins that are installed. */
export async function installs({ count }) {
  const dir = mkdtempSync(join(tmpdir(), "installs-"));
  try {
    return [...(await besideUnzip(dir)), ...(await besideNone(dir, count)), ...(await endOfLog(dir))];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function besideUnzip(dir) {
  const source = join(dir, "large");
  for (let index = 0; index < 1_000; index++) {
    const below = join(source, `lib${index % 20}`);
    mkdirSync(below, { recursive: true });
    writeFileSync(join(below, `${index}.js`), randomBytes(25_000).toString("hex"));
  }
  writeFileSync(join(source, "mortise.json"), manifest("large"));
  writeFileSync(join(source, "main.mjs"), "");
  const zip = join(dir, "large.zip");
  if (spawnSync("zip", ["-qr", zip, "."], { cwd: source }).status !== 0) return [];
  const ratios = [];
  const host = new Host({ dataDir: join(dir, "data") });
  await host.ready();
  for (let round = 0; round < ROUNDS; round++) {
    const unzipped = join(dir, `unzipped${round}`);
    const unzipMs = await timed(() => spawnSync("unzip", ["-q", zip, "-d", unzipped]));
    const installMs = await timed(() => host.install(zip));
    await host.uninstall("large");
    ratios.push(installMs / unzipMs);
  }
  await host.close();
  return [atMost("installing 1,000 files of 50 MB, times unzip, median", quantile(ratios, 0.5), 2)];
}

async function besideNone(dir, count) {
  const [none, many] = [join(dir, "none"), join(dir, "many")];
  const host = new Host({ dataDir: many });
  for (let index = 0; index < count; index++) {
    const source = join(dir, `p${index}`);
    mkdirSync(source);
    writeFileSync(join(source, "mortise.json"), manifest(`p${index}`));
    writeFileSync(join(source, "main.mjs"), "");
    await host.install(source);
  }
  await host.close();
  const readyMs = (dataDir) => {
    const program = `const begun = performance.now(); const { Host } = await import("mortise/host");
      const host = new Host({ dataDir: ${JSON.stringify(dataDir)} }); await host.ready();
      console.log(performance.now() - begun); await host.close();`;
    return Number(spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8", cwd: ROOT }).stdout);
  };
  const times = { [none]: [], [many]: [] };
  for (let round = 0; round < ROUNDS; round++) for (const dataDir of [none, many]) times[dataDir].push(readyMs(dataDir));
  const without = quantile(times[none], 0.5);
  return [
    atMost(
      `ready with ${count} inactive plugins; with none in ${without.toFixed(0)} ms`,
      quantile(times[many], 0.5),
      Math.round(1.2 * without + count),
      "ms",
    ),
  ];
}

async function endOfLog(dir) {
  const dataDir = join(dir, "none");
  const logs = join(dataDir, "logs/p");
  mkdirSync(logs, { recursive: true });
  const line = (index) => `{"time":"2027-01-01T00:00:00.000Z","plugin":"p","level":"info","message":"line ${index}"}\n`;
  writeFileSync(join(logs, "log.jsonl"), Array.from({ length: 1_000_000 }, (_, index) => line(index)).join(""));
  const host = new Host({ dataDir, logLimits: { maxFileBytes: 2 * statSync(join(logs, "log.jsonl")).size } });
  await host.ready();
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    let last;
    times.push(
      await timed(async () => {
        for await (const entry of host.logs({ plugin: "p", tail: 100 })) last = entry.message;
      }),
    );
    if (last !== "line 999999") throw new Error(`Cannot read the end of the log: it is ${last}`);
  }
  await host.close();
  return [atMost("the last 100 of 1,000,000 log lines, median", quantile(times, 0.5), 20, "ms")];
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}
