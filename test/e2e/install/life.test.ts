import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host, type HostOptions, type Session } from "../../../src/host/index.js";
import { implement } from "../../../src/index.js";
import { connect, type HostConnection } from "../../../src/serve/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate, isAlive } from "../../kit/gate.js";
import { packageOf, sample, samplePackage, zipOf } from "../../kit/install/packages.js";

gate();
let root: string;
let dataDir: string;
const outer = process.env["TMPDIR"];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "life-"));
  dataDir = join(root, "data");
  mkdirSync(join(root, "tmp"));
  process.env["TMPDIR"] = join(root, "tmp");
});
afterEach(() => {
  process.env["TMPDIR"] = outer;
  rmSync(root, { recursive: true, force: true });
});

const hostWith = (options: HostOptions = {}): Host => new Host({ dataDir, ...options });
const SAMPLE = { version: () => "far", config: () => 1, credential: () => 1, say: () => {}, exit: () => {} };
const versionOf = async (session: Session): Promise<string> => (await session.dispense(sample)).version();
const versions = (id = "sample"): string[] => readdirSync(join(dataDir, "plugins", id, "versions")).sort();

test("[S6, S34] a package from a directory is installed inactive and without grants; activated, it runs; the next host brings it back", async () => {
  const source = samplePackage("1.0.0", { grants: { events: ["blog/*"] }, description: "A sample" });
  {
    await using host = hostWith();
    await host.ready();
    const session = await host.install(source);
    expect([session.id, session.mode, session.activeState, session.reportedState]).toEqual([
      "sample",
      "supervised",
      "inactive",
      "inactive",
    ]);
    expect(session.manifest).toMatchObject({ version: "1.0.0", grants: { events: ["blog/*"] } });
    expect(session.grants).toEqual({ contracts: [], events: [], actions: [], hooks: [], http: false });
    await session.setActiveState("active");
    expect(isAlive(session.supervised?.pid as number)).toBe(true);
    expect(await versionOf(session)).toBe("1.0.0");
    await session.grant({ events: ["blog/*"] });
  }
  // S38, S46: what was wanted and granted last is so again.
  await using host = hostWith();
  await host.ready();
  const session = host.getSession("sample");
  expect(session.activeState).toBe("active");
  expect(session.grants.events).toEqual(["blog/*"]);
  expect(await versionOf(session)).toBe("1.0.0");
  await session.setActiveState("inactive");
  expect(session.reportedState).toBe("inactive");
});

test("[S36] a restart of the host unpacks nothing again", async () => {
  {
    await using host = hostWith();
    await host.install(samplePackage());
  }
  const [version] = versions() as [string];
  const file = join(dataDir, "plugins/sample/versions", version, "files/main.mjs");
  const before = statSync(file).mtimeMs;
  await using host = hostWith();
  await host.ready();
  expect(statSync(file).mtimeMs).toBe(before);
  expect(readdirSync(join(dataDir, "staging"))).toEqual([]);
});

test("[S35, S45] update replaces a running plugin, rollback goes back, pin holds; download gives the bytes that came", async () => {
  await using host = hostWith();
  const zip = zipOf(samplePackage("1.0.0"));
  const session = await host.install(zip);
  expect(Buffer.from(await host.download("sample")).equals(readFileSync(zip))).toBe(true);
  await session.setActiveState("active");
  const { version } = await session.dispense(sample);
  const pid = session.supervised?.pid;
  await host.update("sample", samplePackage("2.0.0"));
  expect([await version(), session.manifest?.version, session.reportedState]).toEqual(["2.0.0", "2.0.0", "active"]);
  expect(session.supervised?.pid).not.toBe(pid);
  await host.rollback("sample");
  expect([await version(), session.manifest?.version]).toEqual(["1.0.0", "1.0.0"]);
  await host.pin("sample");
  expect((await rejection(host.update("sample", samplePackage("3.0.0")))).message).toBe(
    'Cannot update plugin "sample": it is pinned to version 1.0.0\n  host.pin(id, false) lets go of it.',
  );
  await host.pin("sample", false);
  await host.update("sample", samplePackage("3.0.0"));
  await host.update("sample", samplePackage("4.0.0"));
  expect(await version()).toBe("4.0.0");
  expect(versions()).toHaveLength(3);
  await host.rollback("sample", "2.0.0").catch(() => {});
  expect((await rejection(host.rollback("sample", "9.0.0"))).message).toMatch(/there is no version 9\.0\.0; kept are /);
});

test("[S35] an inactive plugin stays inactive, and runs the new version at its next start", async () => {
  await using host = hostWith();
  const session = await host.install(samplePackage("1.0.0"));
  await host.update("sample", samplePackage("1.1.0"));
  expect([session.reportedState, session.manifest?.version]).toEqual(["inactive", "1.1.0"]);
  await session.setActiveState("active");
  expect(await versionOf(session)).toBe("1.1.0");
});

test("[S35, F112] a version that does not come to work leaves the old one running, and nothing of itself", async () => {
  await using host = hostWith();
  const session = await host.install(samplePackage("1.0.0"));
  await session.setActiveState("active");
  const pid = session.supervised?.pid;
  const broken = packageOf({
    "mortise.json": JSON.stringify({ id: "sample", name: "S", version: "2.0.0", command: "./main.mjs" }),
    "main.mjs": "#!/usr/bin/env node\nthrow new Error('no device');\n",
  });
  const failed = await rejection(host.update("sample", broken));
  expect(failed).toMatchObject({
    code: "START_FAILED",
    message: expect.stringMatching(/^Cannot update plugin "sample": version 2\.0\.0 did not come to work, and 1\.0\.0 goes on\n/),
  });
  expect([session.supervised?.pid, session.manifest?.version, await versionOf(session)]).toEqual([pid, "1.0.0", "1.0.0"]);
  expect(versions()).toHaveLength(1);
  expect(await rejection(host.update("sample", samplePackage("2.0.0", { id: "other" })))).toMatchObject({
    code: "CONFLICT",
    message: 'Cannot update plugin "sample": the package is of plugin "other"\n  Install it under its own id.',
  });
  expect(readdirSync(join(dataDir, "staging"))).toEqual([]);
});

test("[S45] uninstall ends the process and takes all away but the audit; the id is free again", async () => {
  await using host = hostWith();
  const session = await host.install(samplePackage(), { settings: { a: 1 } });
  await session.setActiveState("active");
  const pid = session.supervised?.pid as number;
  await host.uninstall("sample");
  expect([isAlive(pid), host.getSessions(), readdirSync(join(dataDir, "plugins")), readdirSync(join(dataDir, "logs"))]).toEqual([
    false,
    [],
    [],
    [],
  ]);
  expect(await rejection(host.uninstall("sample"))).toMatchObject({ code: "UNKNOWN_PLUGIN" });
  const again = await host.install(samplePackage());
  expect(await host.settings("sample")).toEqual({});
  expect(again.reportedState).toBe("inactive");
  expect((await host.audit()).map(({ action, ok }) => [action, ok])).toEqual([
    ["install", true],
    ["uninstall", true],
    ["install", true],
  ]);
});

test("[S34, S39, T30] what is refused is refused by a sentence, is in the audit, and leaves nothing", async () => {
  await using host = hostWith({ app: { name: "blog", version: "1.0.0" } });
  await host.install(samplePackage("1.0.0", { http: { prefix: "/shop" } }));
  const refusals: [string, () => Promise<unknown>, object][] = [
    [
      "again",
      () => host.install(samplePackage("1.0.0")),
      { code: "CONFLICT", message: /^Cannot install plugin "sample": it is installed already/ },
    ],
    [
      "prefix",
      () => host.install(samplePackage("1.0.0", { id: "b", http: { prefix: "shop/" } })),
      { code: "CONFLICT", holder: "sample", message: /^Cannot install plugin "b": plugin "sample" has the prefix "shop\/" already/ },
    ],
    [
      "case",
      () => host.install(samplePackage("1.0.0", { id: "Sample" })),
      { code: "CONFLICT", message: /there is a plugin "sample", which differs in case alone/ },
    ],
    [
      "digest",
      () => host.install(samplePackage(), { sha256: "0".repeat(64) }),
      { code: "BAD_ARCHIVE", message: /its SHA-256 is [0-9a-f]{64}, and 0{64} was asked for/ },
    ],
    [
      "engine",
      () => host.install(samplePackage("1.0.0", { id: "c", engines: { blog: ">=2" } })),
      { code: "INCOMPATIBLE", range: ">=2", version: "1.0.0" },
    ],
    [
      "manifest",
      () => host.install(packageOf({ "a.js": "" })),
      { code: "BAD_MANIFEST", message: /there is no mortise\.json at the root of the package/ },
    ],
    [
      "command",
      () => host.install(samplePackage("1.0.0", { id: "d", command: "./other.mjs" })),
      { code: "BAD_MANIFEST", message: /\/command is "\.\/other\.mjs", and the package has no such file/ },
    ],
    ["missing", () => host.install(join(root, "nowhere")), { code: "INSTALL_FAILED", message: /cannot be read: ENOENT/ }],
    [
      "settings",
      () => host.install(samplePackage("1.0.0", { id: "e", settings: { required: ["key"] } }), { settings: {} }),
      { code: "INVALID_INPUT", message: /\/key is missing/ },
    ],
  ];
  for (const [what, refused, expected] of refusals) {
    const error = await rejection(refused());
    for (const [name, value] of Object.entries(expected)) {
      if (value instanceof RegExp) expect(error[name], what).toMatch(value);
      else expect(error[name], what).toBe(value);
    }
  }
  expect(readdirSync(join(dataDir, "plugins"))).toEqual(["sample"]);
  expect(readdirSync(join(dataDir, "staging"))).toEqual([]);
  expect((await host.audit()).filter(({ ok }) => !ok)).toHaveLength(refusals.length);
});

test("[F112] two installs of one id at once: one wins, the other is a CONFLICT; another id is not held up", async () => {
  await using host = hostWith();
  const results = await Promise.allSettled([
    host.install(samplePackage("1.0.0")),
    host.install(samplePackage("2.0.0")),
    host.install(samplePackage("1.0.0", { id: "other" })),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "fulfilled", "rejected"]);
  expect(
    host
      .getSessions()
      .map(({ id }) => id)
      .sort(),
  ).toEqual(["other", "sample"]);
  expect(versions()).toHaveLength(1);
});

test("a host without a dataDir says that it needs one", async () => {
  await using host = new Host();
  expect((await rejection(host.install("x"))).message).toBe("Cannot install a package: this host keeps nothing\n  Give it a dataDir.");
  expect((await rejection(host.tokens.issue("x"))).message).toMatch(/^Cannot issue a token: this host keeps nothing/);
});

test("a package whose plugin is in Python runs, and so does one that is a native program", async () => {
  await using host = hostWith();
  const python = readFileSync(new URL("../../../examples/plugins/python-greeter/plugin.py", import.meta.url), "utf8");
  const source = packageOf({
    "mortise.json": JSON.stringify({ id: "py", name: "Py", version: "1.0.0", command: ["bin/plugin.py"] }),
    "bin/plugin.py": python,
  });
  const session = await host.install(source);
  await session.setActiveState("active");
  expect(session.reportedState).toBe("active");
  // Node.js itself is as native as a program gets; the archive says that it is executable.
  const native = packageOf({
    "mortise.json": JSON.stringify({ id: "native", name: "N", version: "1.0.0", command: ["bin/node", "main.mjs"] }),
    "bin/node": "",
    "main.mjs": readFileSync(join(samplePackage(), "main.mjs"), "utf8"),
  });
  writeFileSync(join(native, "bin/node"), `#!/bin/sh\nexec ${JSON.stringify(process.execPath)} "$@"\n`);
  chmodSync(join(native, "bin/node"), 0o755);
  const second = await host.install(native);
  await second.setActiveState("active");
  expect(await versionOf(second)).toBe("1.0.0");
});

test("[S6] a manifest that says what it provides lets it be dispensed while it sleeps", async () => {
  {
    await using host = hostWith();
    const session = await host.install(samplePackage("1.0.0", { activation: "demand", provides: ["sample"] }));
    await session.setActiveState("active");
    expect(session.reportedState).toBe("inactive");
    const { version } = await session.dispense(sample);
    expect(session.reportedState).toBe("inactive");
    expect(await version(undefined, { waitReadyMs: 60_000 })).toBe("1.0.0");
  }
});

test("[S34, T29] an install that is under way when the host is closed is given up, and nothing is left of it", async () => {
  const host = hostWith();
  await host.ready();
  const server = createServer((_, response) => {
    response.write("PK");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sample.zip`;
  const asked = once(server, "request");
  const installed = rejection(host.install(url, { allowPrivate: true }));
  await asked;
  await host.close();
  expect(await installed).toMatchObject({ code: "CONNECTION_CLOSED" });
  expect(readdirSync(join(dataDir, "staging"))).toEqual([]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("[S4, S44] an installed plugin that dials in is let in by its token alone, and goes when that is revoked", async () => {
  await using host = hostWith({ listen: { port: 0 } });
  const { url } = (await host.ready()) as { url: string };
  const source = packageOf({ "mortise.json": JSON.stringify({ id: "far", name: "Far", version: "1.0.0", mode: "external" }) });
  const session = await host.install(source);
  await session.setActiveState("active");
  const dial = (token?: string): Promise<HostConnection> =>
    connect({ url, id: "far", ...(token === undefined ? {} : { token }), provides: [implement(sample, SAMPLE)], redial: false });
  expect(await rejection(dial())).toMatchObject({ code: "UNAUTHORIZED" });
  expect(await rejection(dial("guessed"))).toMatchObject({ code: "UNAUTHORIZED" });
  const token = await host.tokens.issue("far");
  const connection = await dial(token);
  expect(await versionOf(session)).toBe("far");
  await host.tokens.cycle("far");
  await connection.closed;
  expect(session.reportedState).toBe("connecting");
  expect(await rejection(dial(token))).toMatchObject({ code: "UNAUTHORIZED" });
  await host.tokens.revoke("far");
  expect(await rejection(dial())).toMatchObject({ code: "UNAUTHORIZED" });
});
