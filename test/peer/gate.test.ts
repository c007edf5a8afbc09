import { expect, test } from "vitest";

import { defineContract, implement, method, notification } from "../../src/index.js";
import { PeerConnection } from "../../src/peer/connection.js";
import { JSONRPCErrorException, WireCode } from "../../src/wire/error-codes.js";
import { FakeClock } from "../kit/fake-clock.js";
import { memoryLogger } from "../kit/fixtures.js";
import { limitsOf, recordsOf } from "../kit/options.js";
import { ScriptChannel, settled } from "../kit/script-channel.js";

const log: string[] = [];
const kv = defineContract("kv", { get: method<void, string>(), note: notification<string>() });
const implementation = implement(kv, { get: () => "got", note: (text) => void log.push(text) });

/** A host's door: first `rpc.register` with a token, then `rpc.ready`, then anything. */
function door({ check = (token: unknown): unknown => token === "right" } = {}) {
  const channel = new ScriptChannel();
  const options = { limits: limitsOf(), clock: new FakeClock(), logger: memoryLogger(), validate: true, callTimeoutMs: 60_000 };
  const connection = new PeerConnection(channel, { ...options, other: 'plugin "style"' });
  const { peer } = connection;
  const steps: string[] = [];
  log.length = 0;
  const admit = (): object => {
    steps.push("register");
    peer.trust();
    connection.provide(recordsOf([implementation]));
    const ready = (): void => {
      steps.push("ready");
      peer.activate();
    };
    peer.expect({ kind: "notification", method: "rpc.ready", handler: ready });
    return { sessionId: "s" };
  };
  const refuse = (): never => {
    throw new JSONRPCErrorException("Cannot register: the token is wrong", WireCode.unauthorized);
  };
  peer.expect({
    kind: "request",
    method: "rpc.register",
    handler(params) {
      const checked = check((params as { token?: unknown } | undefined)?.token);
      if (checked instanceof Promise) return checked.then((isRight) => (isRight === true ? admit() : refuse()));
      return checked === true ? admit() : refuse();
    },
    onAnswered: () => void steps.push("answered"),
    onRefused: () => void peer.close(undefined, 1008, "not registered"),
  });
  const request = (id: number, name: string, params?: unknown): void => channel.say({ jsonrpc: "2.0", id, method: name, params });
  const note = (name: string, params?: unknown): void => channel.say({ jsonrpc: "2.0", method: name, params });
  return { channel, connection, peer, steps, request, note };
}

test("a peer goes through its steps in order: a request, then a notification, and then anything may come", () => {
  const { channel, peer, steps, request, note } = door();
  request(1, "rpc.register", { token: "right" });
  expect([channel.take(), steps]).toEqual([[{ jsonrpc: "2.0", id: 1, result: { sessionId: "s" } }], ["register", "answered"]]);
  note("rpc.ready");
  request(2, "kv.get");
  note("kv.note", ["after"]);
  note("rpc.ready");
  expect([channel.take(), log, peer.open]).toEqual([[{ jsonrpc: "2.0", id: 2, result: "got" }], ["after"], true]);
  expect(steps).toEqual(["register", "answered", "ready"]);
});

const early: readonly (readonly [what: string, message: object])[] = [
  ['"kv.get"', { id: 2, method: "kv.get" }],
  ['"kv.note"', { method: "kv.note", params: ["early"] }],
  ['"rpc.event"', { method: "rpc.event", params: {} }],
  ['"rpc.ping"', { id: 2, method: "rpc.ping" }],
  ['"rpc.ready"', { id: 2, method: "rpc.ready" }],
  ['"rpc.register"', { id: 2, method: "rpc.register", params: { token: "right" } }],
  ['"rpc.item"', { method: "rpc.item", params: { stream: 0, items: [] } }],
  ["an answer", { id: 7, result: 1 }],
  ["a message with refs", { id: 2, method: "kv.get", params: [null], refs: { "/0": { bytes: "AQI=" } } }],
];

test.each(early)("after the first step %s closes with 1008, runs nothing and is not answered", async (what, message) => {
  const { channel, connection, steps, request, note } = door();
  request(1, "rpc.register", { token: "right" });
  channel.take();
  channel.say({ jsonrpc: "2.0", ...message });
  note("rpc.ready");
  expect([channel.take(), channel.closedWith, steps, log]).toEqual([[], [1008, "out of order"], ["register", "answered"], []]);
  const sentence = `Closed the connection to plugin "style": it sent ${what} where only "rpc.ready" may come`;
  expect(await connection.closed).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION", message: sentence } });
});

test.each(early.filter(([what]) => what !== '"rpc.register"'))("before the first step %s closes with 1008", async (what, message) => {
  const { channel, connection, request, steps } = door();
  channel.say({ jsonrpc: "2.0", ...message });
  request(1, "rpc.register", { token: "right" });
  expect([channel.take(), channel.closedWith, steps]).toEqual([[], [1008, "out of order"], []]);
  const sentence = `Closed the connection to plugin "style": it sent ${what} before it had proven itself`;
  expect(await connection.closed).toMatchObject({ error: { message: sentence } });
});

test("while a step is answered later nothing may come either", async () => {
  let decide: (isRight: boolean) => void = () => {};
  const { channel, request, steps } = door({ check: () => new Promise<boolean>((resolve) => (decide = resolve)) });
  request(1, "rpc.register", { token: "right" });
  request(2, "kv.get");
  expect(channel.closedWith).toEqual([1008, "out of order"]);
  decide(true);
  await settled();
  expect([channel.take(), steps.includes("answered")]).toEqual([[], true]);
});

test.each([[() => false], [() => Promise.resolve(false)]])(
  "a step that is refused, at once or later, is told after its error was sent, and what comes then has no effect",
  async (check) => {
    const { channel, peer, request, note, steps } = door({ check });
    request(1, "rpc.register", { token: "wrong" });
    await settled();
    expect(channel.take()).toEqual([{ jsonrpc: "2.0", id: 1, error: { code: -32001, message: "Cannot register: the token is wrong" } }]);
    expect([channel.closedWith, peer.open]).toEqual([[1008, "not registered"], false]);
    request(2, "rpc.register", { token: "right" });
    note("rpc.ready");
    expect([channel.take(), steps, log]).toEqual([[], [], []]);
  },
);

test("answers to calls of this side may come while a step is expected", async () => {
  const { channel, connection, peer, steps, request, note } = door();
  request(1, "rpc.register", { token: "right" });
  channel.take();
  const call = connection.call("style.check", "text");
  channel.answer(channel.take()[0].id, "fine");
  expect([await call, peer.open]).toEqual(["fine", true]);
  note("rpc.ready", []);
  expect(steps.at(-1)).toBe("ready");
});

test("what a step that is a notification throws is told, and a later one may be expected again", () => {
  const { channel, peer, note, request } = door();
  request(1, "rpc.register", { token: "right" });
  const thrown: unknown[] = [];
  const expectAgain = (): void =>
    peer.expect({
      kind: "notification",
      method: "rpc.ready",
      handler: (params) => {
        if (params === undefined) throw new Error("no params");
      },
      onRefused(error) {
        thrown.push((error as Error).message);
        expectAgain();
      },
    });
  expectAgain();
  note("rpc.ready");
  note("rpc.ready", { x: 1 });
  request(2, "rpc.ping");
  expect([thrown, channel.take().at(-1)]).toEqual([["no params"], { jsonrpc: "2.0", id: 2, result: "pong" }]);
});

test("the input of a step may hold bytes, and a notification is a step before the other side has proven itself, too", () => {
  const { channel, peer } = door();
  const inputs: unknown[] = [];
  peer.expect({ kind: "notification", method: "rpc.ready", handler: (input) => void inputs.push(input) });
  channel.say({ jsonrpc: "2.0", method: "rpc.ready", params: { key: null }, refs: { "/key": { bytes: "AQI=" } } });
  expect([inputs, peer.open]).toEqual([[{ key: Uint8Array.of(1, 2) }], true]);
});
