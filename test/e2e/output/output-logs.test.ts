import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { clientFor, fixture, memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const logs = defineContract("logs", { all: method<void, void>(), fail: method<void, void>() });
const stream = "stderr";

test("[O23] what a plugin logs has its level, message, time and fields in the host's log", async () => {
  const logger = memoryLogger();
  const client = clientFor("logs", { logger });
  await (await client.dispense(logs)).all();
  // Whose they are, whatever the plugin says.
  const whose = { plugin: fixture("logs"), pid: client.pid };
  await client.kill();
  const records = logger.records.filter(({ fields }) => (fields as { stream?: string } | undefined)?.stream === "stderr");
  const time = new Date("2025-01-01T00:00:00Z");
  expect(records).toEqual([
    { level: "error", message: "from pino", fields: { stream, time, ...whose, err: { stack: "Error: x\n    at y" } } },
    { level: "warn", message: "from hclog", fields: { stream, time, ...whose, module: "kv", n: 1 } },
    { level: "debug", message: "in brackets", fields: { stream, ...whose } },
    { level: "info", message: "plain", fields: { stream, ...whose } },
    { level: "info", message: '{"@message":5}', fields: { stream, ...whose } },
  ]);
});

test("[O23] what serve() itself logs in the plugin is one record in the host's log, the stack in a field", async () => {
  const logger = memoryLogger();
  const client = clientFor("logs", { logger });
  await rejection((await client.dispense(logs)).fail());
  await client.kill();
  const error = { name: "Error", message: "bad", stack: expect.stringMatching(/^Error: bad\n {4}at .*logs\.mjs/) };
  expect(logger.records.filter(({ level }) => level === "warn")).toContainEqual({
    level: "warn",
    message: 'The handler of "logs.fail" failed',
    fields: { stream, plugin: fixture("logs"), pid: expect.any(Number), error },
  });
});

test("the end of a plugin is one record, at info where it was asked for, and at error where it was not", async () => {
  const logger = memoryLogger();
  const ends = (): readonly object[] => logger.records.filter(({ message }) => message.startsWith("Plugin ended"));
  const client = clientFor("logs", { logger });
  await client.start();
  const first = client.pid;
  await client.kill();
  const whose = { plugin: fixture("logs") };
  const message = `Plugin ended: plugin "${fixture("logs")}" was stopped`;
  expect(ends()).toEqual([{ level: "info", message, fields: { ...whose, pid: first, forced: false, escaped: [] } }]);
  const other = clientFor("logs", { logger });
  await other.start();
  process.kill(other.pid as number, "SIGKILL");
  await other.closed;
  expect(ends().slice(1)).toEqual([
    {
      level: "error",
      message: `Plugin ended: plugin "${fixture("logs")}" was ended by SIGKILL`,
      fields: { ...whose, pid: other.pid, exitCode: null, signal: "SIGKILL" },
    },
  ]);
  await other.kill();
  await clientFor("logs", { logger }).kill();
  expect(ends()).toHaveLength(2);
});

/** What a host without a logger, or with the one that `how` names, says on its own stderr. */
async function saidBy(how?: string): Promise<{ stderr: string; stdout: string }> {
  const host = fileURLToPath(new URL("../../fixtures/hosts/without-a-logger.mjs", import.meta.url));
  const child = spawn(process.execPath, [host, fixture("obeys"), ...(how === undefined ? [] : [how])], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr };
}

test("[O17] without a logger what a plugin prints to stderr goes to the host's, behind its name; with false nothing does", async () => {
  const name = `[${fixture("obeys")}]`;
  expect(await saidBy()).toEqual({
    stdout: "",
    stderr: `${name} plain 100%d\n${name} warning: low { disk: 3 }\n${name} detail\n`,
  });
  expect(await saidBy("false")).toEqual({ stdout: "", stderr: "" });
  const { stdout, stderr } = await saidBy("console");
  expect(stdout).toMatch(/^plain 100%d \{[^}]*stream: 'stderr'/m);
  expect(stderr).toMatch(/^low \{[^}]*disk: 3/m);
});
