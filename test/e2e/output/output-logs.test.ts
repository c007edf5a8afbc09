import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { clientFor, memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const logs = defineContract("logs", { all: method<void, void>(), fail: method<void, void>() });
const stream = "stderr";

test("[O23] what a plugin logs has its level, message, time and fields in the host's log", async () => {
  const logger = memoryLogger();
  const client = clientFor("logs", { logger });
  await (await client.dispense(logs)).all();
  await client.kill();
  const records = logger.records.filter(({ fields }) => (fields as { stream?: string } | undefined)?.stream === "stderr");
  const time = new Date("2025-01-01T00:00:00Z");
  expect(records).toEqual([
    { level: "error", message: "from pino", fields: { stream, time, pid: 7, err: { stack: "Error: x\n    at y" } } },
    { level: "warn", message: "from hclog", fields: { stream, time, module: "kv", n: 1 } },
    { level: "debug", message: "in brackets", fields: { stream } },
    { level: "info", message: "plain", fields: { stream } },
    { level: "info", message: '{"@message":5}', fields: { stream } },
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
    fields: { stream, error },
  });
});
