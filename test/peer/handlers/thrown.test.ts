import { expect, test } from "vitest";
import { defineContract, implement, method, PluginError, type RemoteError } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { peerPair } from "../../kit/peer-pair.js";

const kv = defineContract("kv", { get: method<unknown, unknown>() });

/** What the caller gets if the handler throws that, in a promise or not. */
async function thrown(value: unknown, later = false): Promise<RemoteError & { readonly stack: string }> {
  const handler = () => {
    if (later) return Promise.reject(value);
    throw value;
  };
  const { host, logger } = peerPair({ provides: [implement(kv, { get: handler })] });
  const error = await rejection(host.dispense(kv).get(1));
  expect(host.peer.open).toBe(true);
  expect(logger.records.map(({ message }) => message)).toEqual(['The handler of "kv.get" failed']);
  await host.close();
  return error as never;
}
const hostile = new Proxy(
  {},
  {
    get: () => {
      throw new Error("get");
    },
    has: () => {
      throw new Error("has");
    },
    getPrototypeOf: () => {
      throw new Error("prototype");
    },
    ownKeys: () => {
      throw new Error("keys");
    },
  },
);
const noText = "something that has no text was thrown";

for (const later of [false, true]) {
  const how = later ? "rejects with" : "throws";
  test.each([
    ["an Error", new RangeError("out of range"), { message: "out of range", remoteName: "RangeError", remoteCode: undefined }],
    ["a string", "boom", { message: "boom", remoteName: "Error" }],
    ["null", null, { message: "null" }],
    ["undefined", undefined, { message: "undefined" }],
    ["a symbol", Symbol("s"), { message: "Symbol(s)" }],
    ["a bigint", 5n, { message: "5" }],
    ["a plain object", { reason: 1 }, { message: '{"reason":1}' }],
    ["an object with a code", { message: "m", code: 42, name: "Odd" }, { message: "m", remoteCode: "42", remoteName: "Odd" }],
    ["an object whose toJSON gives nothing", { toJSON: () => undefined }, { message: noText }],
    ["a proxy of which every look throws", hostile, { message: noText, remoteName: "Error" }],
    ["an AbortError", AbortSignal.abort().reason, { message: "This operation was aborted", remoteName: "AbortError", remoteCode: "20" }],
    ["an error whose message is a number", Object.assign(new Error("x"), { message: 5 }), { message: "5" }],
  ])(`[F70] a handler that ${how} %s is answered with its text, name and code`, async (_what, value, expected) => {
    const error = await thrown(value, later);
    expect(error).toMatchObject({ name: "RemoteError", code: "REMOTE_ERROR", ...expected });
  });
}

test("[F70] an error keeps its code, its data and its causes, five of them at most", async () => {
  const inner = Object.assign(new TypeError("inner"), { data: { row: 5 } });
  const outer = Object.assign(new Error("outer", { cause: inner }), { code: "E_OUTER", data: [1, { a: null }] });
  const error = await thrown(outer);
  expect(error).toMatchObject({ message: "outer", remoteCode: "E_OUTER", data: [1, { a: null }] });
  expect(error.cause).toMatchObject({ name: "RemoteError", message: "inner", remoteName: "TypeError", data: { row: 5 } });
  const endless = new Error("again");
  endless.cause = endless;
  let depth = 0;
  for (let cause: unknown = await thrown(endless); cause !== undefined; cause = (cause as Error).cause) depth++;
  expect(depth).toBe(6);
});

test("[F70] a cause that is no error has its text", async () => {
  expect((await thrown(new Error("m", { cause: "why" }))).cause).toMatchObject({ message: "why", remoteName: "Error" });
});

test("[F70] the stack never crosses, and stays in the log of where it was thrown", async () => {
  const secret = new Error("plain text");
  secret.stack = "Error: plain text\n    at secretFunction (/secret/place.ts:1:1)";
  const { host, plugin, logger } = peerPair({
    provides: [
      implement(kv, {
        get: () => {
          throw secret;
        },
      }),
    ],
  });
  const error = await rejection(host.dispense(kv).get(1));
  expect(JSON.stringify(error) + error.message + error.stack).not.toContain("secret");
  expect(logger.records[0]).toMatchObject({ level: "warn", fields: { error: secret } });
  await plugin.close();
});

test("[F70] a message is cut at 4 KiB, at a character; a name and a code at 128 characters", async () => {
  const error = await thrown(Object.assign(new Error("ü😀".repeat(10_000)), { name: "N".repeat(200), code: "C".repeat(200) }));
  expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(4_096);
  expect(error.message).toMatch(/^(ü😀)+ü?…$/u);
  expect([error.remoteName.length, error.remoteCode?.length]).toEqual([128, 128]);
});

test.each([
  ["larger than 64 KiB", "x".repeat(70_000)],
  [
    "with a cycle",
    Object.assign([], { 0: {} }) &&
      (() => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      })(),
  ],
  ["that JSON cannot carry", 5n],
  ["that is a function", () => {}],
])("[F70] data %s is left out, and the rest arrives", async (_what, data) => {
  expect(await thrown(Object.assign(new Error("m"), { code: "E", data }))).toMatchObject({
    message: "m",
    remoteCode: "E",
    data: undefined,
  });
});

test("[F53, F70] data nested deeper than a message may be costs the data, not the connection", async () => {
  const data = JSON.parse(`${"[".repeat(100)}${"]".repeat(100)}`);
  expect(await thrown(Object.assign(new Error("m"), { data }))).toMatchObject({ message: "m", data: undefined });
});

test("[F70] an error longer than a message may be is cut until it fits", async () => {
  const limits = { maxMessageBytes: 1_024 };
  const fail = () => {
    throw Object.assign(new Error("\u0001".repeat(4_000)), { data: "x".repeat(2_000) });
  };
  const { host } = peerPair({ provides: [implement(kv, { get: fail })], hostLimits: limits, pluginLimits: limits });
  const error = await rejection(host.dispense(kv).get(1));
  expect(error).toMatchObject({ code: "REMOTE_ERROR", message: "\\u0001".repeat(64) });
  expect(host.peer.open).toBe(true);
  await host.close();
});

test("a handler may refuse its caller UNAUTHORIZED, and with no other code of ours", async () => {
  expect(await thrown(new PluginError("UNAUTHORIZED", "You may not read this"))).toMatchObject({
    name: "PluginError",
    code: "UNAUTHORIZED",
    message: 'Cannot call "kv.get": plugin "kv" does not allow it\n  it answered: You may not read this',
  });
  expect(await thrown(new PluginError("BUSY", "m"))).toMatchObject({
    code: "REMOTE_ERROR",
    remoteName: "PluginError",
    remoteCode: "BUSY",
    message: "m",
  });
});
