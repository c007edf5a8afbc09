import { describe, expect, test } from "vitest";
import { toLogRecord } from "../../src/output/log-record.js";

const info = (message: string): object => ({ level: "info", message, fields: {} });

describe("[O23] a line in pino's JSON", () => {
  test.for([
    [10, "trace"],
    [20, "debug"],
    [30, "info"],
    [35, "info"],
    [40, "warn"],
    [50, "error"],
    [60, "error"],
    ["trace", "trace"],
    ["debug", "debug"],
    ["INFO", "info"],
    ["warn", "warn"],
    ["WARNING", "warn"],
    ["error", "error"],
    ["fatal", "error"],
  ] as const)("keeps the level %j, as %s", ([level, expected]) => {
    expect(toLogRecord(JSON.stringify({ level, msg: "hello" }))).toEqual({ level: expected, message: "hello", fields: {} });
  });

  test("keeps its fields and its time", () => {
    const line = '{"level":30,"time":1735689600000,"pid":7,"hostname":"box","req":{"id":[1,null]},"msg":"hello"}';
    const fields = { time: new Date("2025-01-01T00:00:00Z"), pid: 7, hostname: "box", req: { id: [1, null] } };
    expect(toLogRecord(line)).toEqual({ level: "info", message: "hello", fields });
  });

  test("may have its text as `message`, as winston does, a time that is no time, or no text at all", () => {
    expect(toLogRecord('{"level":"warn","message":"hello"}')).toEqual({ level: "warn", message: "hello", fields: {} });
    expect(toLogRecord('{"level":40,"msg":"hello","time":"tea"}')).toEqual({ level: "warn", message: "hello", fields: { time: "tea" } });
    const object = toLogRecord('{"level":40,"time":0,"message":5}');
    expect(object).toEqual({ level: "warn", message: "", fields: { time: new Date(0), message: 5 } });
  });
});

test("[O23] a line in hclog's JSON keeps its level, message, time, module and fields", () => {
  const line =
    '{"@level":"warn","@message":"hello","@module":"kv.store","@timestamp":"2025-01-01T00:00:00.000000Z","@caller":"kv.go:3","n":[1]}';
  const fields = { module: "kv.store", time: new Date("2025-01-01T00:00:00Z"), "@caller": "kv.go:3", n: [1] };
  expect(toLogRecord(line)).toEqual({ level: "warn", message: "hello", fields });
  expect(toLogRecord('{"@message":"hello"}')).toEqual(info("hello"));
});

test("[O23] a line that begins with its level in brackets, or a time and that, keeps it", () => {
  const at = (line: string) => ({ level: toLogRecord(line).level, message: toLogRecord(line).message });
  expect(at("[WARN] disk is full")).toEqual({ level: "warn", message: "disk is full" });
  expect(at("[error]: disk is full")).toEqual({ level: "error", message: "disk is full" });
  expect(at("[TRACE]\tdisk is full")).toEqual({ level: "trace", message: "disk is full" });
  expect(at("2025-01-01T00:00:00.000Z [DEBUG] kv.store: opened: n=1")).toEqual({ level: "debug", message: "kv.store: opened: n=1" });
});

test.for([
  "ERROR: disk is full",
  "no [ERROR] here",
  "[ERROR]",
  "[ERRORS] are counted",
  "[fine] really",
  " [ERROR] indented",
  "{",
  "{}",
  "[]",
  "null",
  '"[ERROR] quoted"',
  '{"@message":5}',
  '{"@message":null,"@level":"error"}',
  '{"@level":"error"}',
  '{"level":"error"}',
  '{"level":50}',
  '{"level":9,"msg":"x"}',
  '{"level":61,"msg":"x"}',
  '{"level":null,"msg":"x"}',
  '{"level":{"toString":5},"msg":"x"}',
  '{"level":["error"],"msg":"x"}',
  '{"level":"constructor","msg":"x"}',
  '{"level":50,"msg":"x"} ',
  'x {"level":50,"msg":"x"}',
  '[{"level":50,"msg":"x"}]',
  '{"__proto__":{"level":50,"msg":"x","@message":"x"}}',
  `{"level":50,"msg":"x","deep":${"[".repeat(100)}${"]".repeat(100)}}`,
  `${"[".repeat(8_000)}`,
])("[F144, O23] a level is taken from nothing that has none of these forms: %s", (line) => {
  expect(toLogRecord(line)).toEqual(info(line));
});

test("[F144] a message is one line, and no control character is left in a record", () => {
  expect(toLogRecord("\u001b[31m\r[ERROR] red\u202e\u2028").message).toBe("\\u001b[31m\\u000d[ERROR] red\\u202e\\u2028");
  const line = JSON.stringify({ level: 30, msg: "a\nb\u001b", "k\n\u0007": ["c\u0000\n", { d: "\u009b" }] });
  expect(toLogRecord(line)).toEqual({
    level: "info",
    message: "a\\nb\\u001b",
    fields: { "k\\n\\u0007": ["c\\u0000\n", { d: "\\u009b" }] },
  });
});

test("[F144] names of a prototype's members are fields like any other, and change no prototype", () => {
  const { fields } = toLogRecord('{"level":30,"msg":"x","constructor":{"prototype":1},"a":{"__proto__":{"polluted":1},"toString":2}}');
  expect(Object.keys(fields)).toEqual(["constructor", "a"]);
  const copy = Object.assign({}, fields["a"]) as Record<string, unknown>;
  expect([Object.getPrototypeOf(copy), copy["polluted"], Object.keys(copy)]).toEqual([Object.prototype, undefined, ["toString"]]);
});

test("[O23, F21] the beginning of a JSON record that was cut keeps its level", () => {
  const cut = (line: string) => toLogRecord(`${line}xxx… (cut)`, true);
  expect(cut('{"level":50,"time":1735689600000,"msg":"')).toMatchObject({
    level: "error",
    message: expect.stringContaining('"msg":"xxx… (cut)'),
  });
  expect(cut('{"@level":"warn","@message":"')).toMatchObject({ level: "warn" });
  expect(cut('{"time":"2025-01-01T00:00:00Z","level":"ERROR","msg":"')).toMatchObject({ level: "error" });
  expect(cut('{"level":"loud","msg":"')).toMatchObject({ level: "info" });
  expect(cut('{"msg":"","level":50,"')).toMatchObject({ level: "info" });
  expect(cut("[WARN] ")).toMatchObject({ level: "warn", message: "xxx… (cut)" });
});
