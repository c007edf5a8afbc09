import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { resolveClientOptions } from "../../src/client/options/options.js";
import { pathOf, pluginEnvironment } from "../../src/client/start/environment.js";
import { makeSocketDir, removeSocketDir } from "../../src/client/start/socket-dir.js";
import { whyRefused } from "../../src/handshake/announcement.js";
import { discover, NewClient } from "../../src/index.js";
import { startFixture } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { onPlatform } from "./on-platform.js";

// What can be shown without Windows: docs/platforms.md says what is known of it from reading alone.
gate();
const windows = onPlatform("win32");

const TOLD = {
  apiVersions: [1],
  transport: "tcp",
  minPort: 0,
  maxPort: 0,
  unixSocketDir: undefined,
  secret: "",
  lifeline: "stdin",
} as const;

test("on Windows one's own variable replaces what is inherited, in whatever case either is written", () => {
  windows.begin();
  const options = resolveClientOptions({ command: "x", env: { PATH: "C:\\mine" } });
  const env = pluginEnvironment(options, TOLD, { Path: "C:\\theirs", Temp: "C:\\temp" });
  expect(pathOf(env)).toBe("C:\\mine");
  expect(Object.keys(env)).not.toContain("Path");
  expect(env["Temp"]).toBe("C:\\temp");
});

test("on Windows a variable that is named in inheritEnv is inherited in whatever case it is written", () => {
  windows.begin();
  const options = resolveClientOptions({ command: "x", inheritEnv: ["PATH"] });
  const env = pluginEnvironment(options, TOLD, { Path: "C:\\theirs", Temp: "C:\\temp" });
  expect(pathOf(env)).toBe("C:\\theirs");
  expect(env["Temp"]).toBe(undefined);
});

test("on Windows a unix socket is a pipe: nothing is made, and a plugin may announce one below its name alone", async () => {
  windows.begin();
  const before = readdirSync(tmpdir());
  const unixSocketDir = await makeSocketDir();
  expect(unixSocketDir).toMatch(/^\\\\\.\\pipe\\mortise-[0-9a-f]{12}$/);
  expect(readdirSync(tmpdir())).toEqual(before);
  await removeSocketDir(unixSocketDir);
  const allowed = { minPort: 0, maxPort: 0, unixSocketDir, inspectorPort: 0 };
  const refusalOf = (path: string) => whyRefused({ network: "unix", path }, allowed);
  expect(refusalOf(`${unixSocketDir}\\s`)).toBe(undefined);
  const only = `only a socket directly in "${unixSocketDir}" is dialled`;
  for (const path of [`${unixSocketDir}/s`, `${unixSocketDir}\\..\\s`, `${unixSocketDir}2\\s`, "\\\\.\\pipe\\other"]) {
    expect(refusalOf(path)).toBe(only);
  }
});

test("on Windows a socketGroup is refused", () => {
  windows.begin();
  expect(() => NewClient({ command: "x", transport: "unix", socketGroup: "users" })).toThrow(
    new TypeError("Cannot create a client: socketGroup is of no use on Windows, whose pipes have no group"),
  );
});

test("on Windows discover() finds programs by their ending, for every file is said to be executable there", async () => {
  const dir = mkdtempSync(join(tmpdir(), "w-"));
  for (const name of ["a.exe", "b.COM", "c.js", "d.mjs", "notes.txt", "e.cmd", "f"]) writeFileSync(join(dir, name), "", { mode: 0o755 });
  windows.begin();
  const found = await discover("*", dir, { allowInsecure: true });
  expect(found.map((path) => path.slice(dir.length + 1))).toEqual(["a.exe", "b.COM", "c.js", "d.mjs"]);
  rmSync(dir, { recursive: true });
});

test("[F9] where taskkill cannot run, kill() ends the plugin all the same", async () => {
  windows.begin();
  await using client = await startFixture("never-ends", { killTimeoutMs: 50 });
  expect(await client.kill()).toEqual({ kind: "killed", forced: true, escaped: [] });
});
