import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host, type HostOptions, type LogEntry } from "../../../src/host/index.js";
import { memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { sample, samplePackage } from "../../kit/install/packages.js";

gate();
let root: string;
const outer = process.env["TMPDIR"];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "settings-"));
  process.env["TMPDIR"] = root;
});
afterEach(() => {
  process.env["TMPDIR"] = outer;
  rmSync(root, { recursive: true, force: true });
});
const hostWith = (options: HostOptions = {}): Host => new Host({ dataDir: join(root, "data"), ...options });
const SCHEMA = {
  type: "object",
  properties: { key: { type: "string", writeOnly: true }, size: { type: "integer", minimum: 1 }, bad: { type: "boolean" } },
  additionalProperties: false,
};
const KEY = "a-very-secret-key";

test("[S28, S29] settings are checked, offered to the plugin, and kept only if it takes them", async () => {
  {
    await using host = hostWith();
    const session = await host.install(samplePackage("1.0.0", { settings: SCHEMA }), { settings: { key: KEY, size: 1 } });
    expect((await rejection(session.configure({ size: 2 }))).message).toMatch(/^Cannot configure plugin "sample": it is inactive/);
    await session.setActiveState("active");
    const { config } = await session.dispense(sample);
    expect(await config()).toEqual({ key: KEY, size: 1 });
    expect(await host.settings("sample")).toEqual({ key: "********", size: 1 });
    expect(await host.settings("sample", ["size", "nothing", "__proto__"])).toEqual({ size: 1 });
    const wrong = await rejection(session.configure({ size: 0, key: 7, sise: 1 }));
    expect(wrong).toMatchObject({
      code: "INVALID_INPUT",
      issues: expect.arrayContaining([{ message: 'is not known; did you mean "size"?', path: ["sise"] }]),
    });
    expect(wrong.message.split("\n").sort()).toEqual(
      [
        "  /key must be of type string",
        '  /sise is not known; did you mean "size"?',
        "  /size must be >= 1",
        'Cannot configure plugin "sample": its settings do not fit the schema of its manifest',
      ].sort(),
    );
    expect((await rejection(session.configure({ bad: true }))).message).toMatch(/a bad setting/);
    expect([await config(), await host.settings("sample")]).toEqual([
      { key: KEY, size: 1 },
      { key: "********", size: 1 },
    ]);
    // What was read masked is written back masked.
    await session.configure({ ...(await host.settings("sample")), size: 5 });
    expect(await config()).toEqual({ key: KEY, size: 5 });
    await host.changeSettings("sample", { size: 6 });
    expect(await config()).toEqual({ key: KEY, size: 6 });
    await host.changeSettings("sample", { size: undefined });
    expect(await config()).toEqual({ key: KEY });
  }
  await using host = hostWith();
  await host.ready();
  expect(await (await host.getSession("sample").dispense(sample)).config()).toEqual({ key: KEY });
});

test("[T29] a version whose schema the settings do not fit is refused, and the old one goes on", async () => {
  await using host = hostWith();
  await host.install(samplePackage("1.0.0", { settings: SCHEMA }), { settings: { size: 1 } });
  const error = await rejection(host.update("sample", samplePackage("2.0.0", { settings: { type: "object", required: ["url"] } })));
  expect(error).toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringMatching(/^Cannot update plugin "sample": its settings do not fit.*\n {2}\/url is missing$/),
  });
  expect(host.getSession("sample").manifest?.version).toBe("1.0.0");
});

test("[S33, S28] what a plugin says is in its log, and in the host's; its secrets are in neither", async () => {
  const logger = memoryLogger();
  await using host = hostWith({ logger });
  const session = await host.install(samplePackage("1.0.0", { settings: SCHEMA }), { settings: { key: KEY } });
  await session.setActiveState("active");
  const { say } = await session.dispense(sample);
  await say(`hello, the key is ${KEY}`);
  const found = async (): Promise<LogEntry[]> => {
    const entries: LogEntry[] = [];
    for await (const entry of host.logs({ plugin: "sample", match: "hello" })) entries.push(entry);
    return entries;
  };
  await expect.poll(async () => (await found()).map(({ message }) => message)).toEqual(["hello, the key is ********"]);
  expect((await found())[0]).toMatchObject({ plugin: "sample", fields: { stream: "stderr" } });
  const live = host.logs({ plugin: "sample", follow: true, match: /hello|live/ });
  expect((await live.next()).value).toMatchObject({ message: "hello, the key is ********" });
  await say("live");
  expect((await live.next()).value).toMatchObject({ message: "live" });
  await live.return(undefined);
  expect(JSON.stringify(logger.records)).not.toContain(KEY);
  for (const file of readdirSync(join(root, "data/logs/sample")))
    expect(readFileSync(join(root, "data/logs/sample", file), "utf8")).not.toContain(KEY);
  expect(readFileSync(join(root, "data/audit.jsonl"), "utf8")).not.toContain(KEY);
});

test("[S30] credentials are issued within the manifest's permissions, and revoked at unload", async () => {
  const issued: { id: string; permissions: readonly string[]; signal: AbortSignal }[] = [];
  await using host = hostWith({
    access: (id, permissions, { signal }) => {
      issued.push({ id, permissions, signal });
      return { token: `for ${id}` };
    },
  });
  const session = await host.install(samplePackage("1.0.0", { access: { permissions: ["read", "write"] } }));
  const plain = await host.install(samplePackage("1.0.0", { id: "plain" }));
  await Promise.all([session.setActiveState("active"), plain.setActiveState("active")]);
  const { credential } = await session.dispense(sample);
  expect(await credential(undefined)).toEqual({ token: "for sample" });
  expect(await credential({ permissions: ["read"] })).toEqual({ token: "for sample" });
  expect(issued.map(({ id, permissions }) => [id, permissions])).toEqual([
    ["sample", ["read", "write"]],
    ["sample", ["read"]],
  ]);
  expect((await rejection(credential({ permissions: ["admin"] }))).message).toMatch(/does not ask for "admin"/);
  const refused = await rejection((await plain.dispense(sample)).credential(undefined));
  expect(refused.message).toMatch(/plugin "plain" asks for no access in its manifest/);
  expect(issued.every(({ signal }) => !signal.aborted)).toBe(true);
  await host.unload("sample");
  expect(issued.every(({ signal }) => signal.aborted)).toBe(true);
  expect((await host.audit()).filter(({ action }) => action === "access").map(({ plugin, ok }) => [plugin, ok])).toEqual([
    ["sample", true],
    ["sample", true],
    ["sample", false],
  ]);
});

test("[S44] a token is shown once and kept as a digest; cycled and revoked, each in the audit", async () => {
  await using host = hostWith();
  await host.ready();
  const token = await host.tokens.issue("remote");
  expect(token).toMatch(/^mst_[\w-]{43}$/);
  expect(await rejection(host.tokens.issue("remote"))).toMatchObject({ code: "CONFLICT" });
  const next = await host.tokens.cycle("remote");
  expect(next).not.toBe(token);
  await host.tokens.revoke("remote");
  await host.tokens.revoke("nobody");
  expect(await rejection(host.tokens.cycle("remote"))).toMatchObject({ code: "UNKNOWN_PLUGIN" });
  const third = await host.tokens.issue("remote");
  const kept = readdirSync(join(root, "data"), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const { parentPath, path, name } of kept as unknown as { parentPath?: string; path: string; name: string }[]) {
    const content = readFileSync(join(parentPath ?? path, name), "utf8");
    for (const secret of [token, next, third]) expect(content).not.toContain(secret);
  }
  expect((await host.audit()).map(({ action }) => action)).toEqual(["token.issue", "token.cycle", "token.revoke", "token.issue"]);
  expect((await rejection(host.tokens.issue("../x"))).message).toMatch(/^Cannot issue a token: the id must be/);
});

test("[S46] what was wanted last of a plugin of the program's own is worth more than its spec, and so is the store's end of it", async () => {
  const spec = { id: "own", mode: "inline", provides: [], active: true } as const;
  {
    await using host = hostWith({ plugins: [spec] });
    await host.ready();
    await host.getSession("own").setActiveState("inactive");
  }
  {
    await using host = hostWith({ plugins: [spec] });
    await host.ready();
    expect([host.getSession("own").activeState, host.getSession("own").reportedState]).toEqual(["inactive", "inactive"]);
    await host.getSession("own").setActiveState("active");
  }
  await using host = hostWith({ plugins: [{ ...spec, active: false }] });
  await host.ready();
  expect(host.getSession("own").reportedState).toBe("active");
});

test("[S12, S46] how a plugin last ended is known after a restart of the host", async () => {
  {
    await using host = hostWith();
    const session = await host.install(samplePackage("1.0.0", { restart: { initialMs: 10 } }));
    await session.setActiveState("active");
    await (await session.dispense(sample)).exit(3);
    await expect.poll(() => session.restarts).toBe(1);
  }
  await using host = hostWith();
  await host.ready();
  expect(host.getSession("sample").lastExit).toMatchObject({ reason: { kind: "exited", exitCode: 3 }, at: expect.any(Date) });
});
