import { expect, test } from "vitest";
import type { Logger } from "../../src/index.js";
import { scripted } from "../kit/script-channel.js";

/** A side that is sent log records. */
function scene(logger?: Logger) {
  const side = scripted(logger === undefined ? {} : { logger });
  const params = (record: object): object => ({ jsonrpc: "2.0", method: "rpc.log", params: record });
  return { ...side, log: (...records: object[]) => side.channel.say(...records.map(params)) };
}

test("rpc.log keeps level, message and fields; what is no level is info, and what has no message is nothing", () => {
  const { log, logger } = scene();
  for (const level of ["trace", "debug", "info", "warn", "error"]) log({ level, message: level, fields: { a: [1, null] } });
  for (const level of ["constructor", "fatal", 5, null]) log({ level, message: "odd" });
  log({ level: "info", message: 5 }, { level: "info" }, { level: "info", message: "no fields", fields: [1] });
  expect(logger.records).toEqual([
    { level: "debug", message: "trace", fields: { a: [1, null] } },
    ...["debug", "info", "warn", "error"].map((level) => ({ level, message: level, fields: { a: [1, null] } })),
    ...Array(4).fill({ level: "info", message: "odd", fields: {} }),
    { level: "info", message: "no fields", fields: {} },
  ]);
});

test("[F21] of rpc.log 1,000 records a second reach the log, and how many more there were is said", () => {
  const { log, logger, clock } = scene();
  log(...Array(20_000).fill({ level: "info", message: "x" }));
  expect(logger.records).toHaveLength(1_000);
  clock.advance(1_000);
  expect(logger.records.slice(1_000)).toEqual([{ level: "warn", message: "… 19000 records dropped", fields: { dropped: 19_000 } }]);
  log({ level: "error", message: "after" });
  expect(logger.records.at(-1)?.message).toBe("after");
  expect(clock.timers).toBe(0);
});

test("[F21] records left out are said when the connection ends, and no timer is left", async () => {
  const { log, logger, clock, connection } = scene();
  log(...Array(1_005).fill({ level: "info", message: "x" }));
  await connection.close();
  expect(logger.records.at(-1)).toEqual({ level: "warn", message: "… 5 records dropped", fields: { dropped: 5 } });
  expect(clock.timers).toBe(0);
});

test("[F21] a message of rpc.log is one line, its control characters and those of its fields escaped", () => {
  const { log, logger } = scene();
  log({ level: "info", message: "a\u001b[2J\nERROR forged\u202e", fields: { "k\n": ["\u001b[31m"], ["__proto__"]: { x: 1 } } });
  const [record] = logger.records;
  expect(record).toEqual({ level: "info", message: "a\\u001b[2J\\nERROR forged\\u202e", fields: { "k\\n": ["\\u001b[31m"] } });
  expect(Object.getPrototypeOf(record?.fields)).toBe(Object.prototype);
});

test("[F21] a message of rpc.log is cut at 8 KiB of UTF-8, at a character", () => {
  const { log, logger } = scene();
  log({ message: "a".repeat(8_192) }, { message: "a".repeat(8_193) }, { message: "€".repeat(100_000) }, { message: "x😀".repeat(5_000) });
  expect(logger.records.map(({ message }) => message)).toEqual([
    "a".repeat(8_192),
    `${"a".repeat(8_192)}… (cut)`,
    `${"€".repeat(2_730)}… (cut)`,
    `${"x😀".repeat(1_638)}x… (cut)`,
  ]);
});

test("[F21] fields of rpc.log of more than 8 KiB are left out, and that is said", () => {
  const { log, logger } = scene();
  log({ message: "m", fields: { text: "x".repeat(8_000) } }, { message: "m", fields: { text: "x".repeat(8_192) } });
  expect(logger.records).toEqual([
    { level: "info", message: "m", fields: { text: "x".repeat(8_000) } },
    { level: "info", message: "m… (its fields were cut)", fields: {} },
  ]);
  log({ message: "m", fields: { list: Array(10_000).fill(0) } }, { message: "m", fields: "x".repeat(10_000) });
  expect(logger.records.slice(2).map(({ fields }) => fields)).toEqual([{}, {}]);
});

test("[F21] bytes in fields of rpc.log count as they are", () => {
  const { channel, logger } = scene();
  for (const count of [3, 9_000]) {
    const refs = { "/fields/raw": { bytes: Buffer.alloc(count).toString("base64") } };
    channel.say({ jsonrpc: "2.0", method: "rpc.log", params: { message: "m", fields: { raw: null } }, refs });
  }
  expect(logger.records.map(({ fields }) => fields)).toEqual([{ raw: new Uint8Array(3) }, {}]);
});

test("[F21] fields of many numbers or long names are as long as their JSON", () => {
  const { log, logger } = scene();
  log({ level: "info", message: "numbers", fields: { n: Array(1_700).fill(1.234567890123456) } });
  log({ level: "info", message: "names", fields: { ["é".repeat(5_000)]: 1 } });
  log({ level: "info", message: "few", fields: { n: Array(300).fill(1.234567890123456) } });
  expect(logger.records.map(({ message, fields }) => [message, Object.keys(fields as object).length])).toEqual([
    ["numbers… (its fields were cut)", 0],
    ["names… (its fields were cut)", 0],
    ["few", 1],
  ]);
});
