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
  ["Python's logging", "WARNING:kv.store:disk is full", "warn", "kv.store: disk is full"],
  ["Python's logging", "CRITICAL:root:disk is full", "error", "root: disk is full"],
  ["Python's logging with its time", "2025-01-01 12:00:00,123 - kv - ERROR - disk is full", "error", "kv: disk is full"],
  ["Rust's env_logger", "[2025-01-01T12:00:00Z WARN  kv::store] disk is full", "warn", "kv::store: disk is full"],
  ["Rust's env_logger", "[2025-01-01T12:00:00Z ERROR kv] disk is full", "error", "kv: disk is full"],
  ["Rust's tracing", "2025-01-01T12:00:00.123456Z  WARN kv::store: disk is full n=1", "warn", "kv::store: disk is full n=1"],
  [
    "Rust's tracing in colours",
    "\u001b[2m2025-01-01T12:00:00.123456Z\u001b[0m \u001b[31mERROR\u001b[0m \u001b[2mkv\u001b[0m\u001b[2m:\u001b[0m disk is full",
    "error",
    "kv: disk is full",
  ],
  ["slog", "2025/01/01 12:00:00 WARN disk is full n=1", "warn", "disk is full n=1"],
  ["slog's text", 'time=2025-01-01T12:00:00.000+01:00 level=WARN msg="disk \\"a\\" is full" n=1', "warn", 'disk "a" is full n=1'],
  ["slog's text", "time=2025-01-01T12:00:00.000Z level=ERROR msg=full n=1", "error", "full n=1"],
  ["logrus", 'time="2025-01-01T12:00:00Z" level=warning msg="disk is full" n=1', "warn", "disk is full n=1"],
  ["log4j", "2025-01-01 12:00:00,123 WARN  [main] c.e.Kv - disk is full", "warn", "[main] c.e.Kv - disk is full"],
  ["logback", "12:00:00.123 [main] ERROR c.e.Kv -- disk is full", "error", "[main] c.e.Kv -- disk is full"],
  ["Spring", "2025-01-01T12:00:00.123+01:00  WARN 7 --- [main] c.e.Kv : disk is full", "warn", "7 --- [main] c.e.Kv : disk is full"],
  ["zap's console", "2025-01-01T12:00:00.000Z\tWARN\tkv/kv.go:3\tdisk is full", "warn", "kv/kv.go:3\tdisk is full"],
  ["glog", "W0101 12:00:00.123456    7 kv.go:3] disk is full", "warn", "kv.go:3: disk is full"],
  ["syslog", "<11>1 2025-01-01T12:00:00Z box kv 7 - - disk is full", "error", "2025-01-01T12:00:00Z box kv 7 - - disk is full"],
  ["systemd", "<4>disk is full", "warn", "disk is full"],
  ["systemd", "<7>disk is full", "debug", "disk is full"],
] as const)("[O23] a line of %s has its level: %s", ([, line, level, message]) => {
  expect(toLogRecord(line)).toEqual({ level, message, fields: {} });
});

test.for([
  ["zap", { level: "warn", ts: 1_735_689_600.5, caller: "kv.go:3", msg: "full" }, "warn", { ts: 1_735_689_600.5, caller: "kv.go:3" }],
  ["slog", { time: "2025-01-01T00:00:00Z", level: "ERROR", msg: "full", n: 1 }, "error", { time: new Date("2025-01-01"), n: 1 }],
  ["logrus", { level: "warning", msg: "full", time: "2025-01-01T00:00:00Z" }, "warn", { time: new Date("2025-01-01") }],
  [
    "ECS",
    { "@timestamp": "2025-01-01T00:00:00Z", "log.level": "WARN", message: "full", "ecs.version": "8" },
    "warn",
    { "ecs.version": "8", time: new Date("2025-01-01") },
  ],
  ["Google Cloud", { severity: "CRITICAL", message: "full", timestamp: "2025-01-01T00:00:00Z" }, "error", { time: new Date("2025-01-01") }],
  ["Google Cloud", { severity: "NOTICE", message: "full" }, "info", {}],
  ["OpenTelemetry", { severityText: "WARN", severityNumber: 13, body: { stringValue: "full" } }, "warn", { severityNumber: 13 }],
  ["OpenTelemetry", { SeverityText: "Error", Body: "full", Timestamp: "2025-01-01T00:00:00Z" }, "error", { time: new Date("2025-01-01") }],
  [
    "Rust's tracing",
    { timestamp: "2025-01-01T00:00:00Z", level: "WARN", fields: { message: "full", n: 1 }, target: "kv" },
    "warn",
    { target: "kv", n: 1, time: new Date("2025-01-01") },
  ],
  ["Python", { levelname: "WARNING", message: "full", name: "kv" }, "warn", { name: "kv" }],
] as const)("[O23] a line of JSON of %s has its level, message and fields: %j", ([, object, level, fields]) => {
  expect(toLogRecord(JSON.stringify(object))).toEqual({ level, message: "full", fields });
});

test.for([
  "12:00:00 nobody is at the door",
  "12:00:00 ERRORS are counted",
  "2025-01-01 12:00:00 error in small letters",
  "ERROR:not by Python",
  "ERROR:two words:not by Python",
  "<192>no priority",
  "<4>",
  "time=now level=fine msg=no",
  '{"severity":"odd","message":"x"}',
  '{"severity":"ERROR","message":5}',
  '{"level":"ERROR","fields":{}}',
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
