import { createHash, createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host, type HostOptions } from "../../../src/host/index.js";
import { defineContract, defineTopics, event, implement, method } from "../../../src/index.js";
import { memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawDialler } from "../../kit/raw/raw-dialler.js";

gate();

// Every line of the table in docs/protocol.md, section 11, seen by a client that has nothing of ours.
const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });
const clockContract = defineContract("clock", { now: method<void, number>() });
const topics = defineTopics("news", { printed: event<unknown>() });
const PROVIDES = [{ name: "greeter", members: { greet: { kind: "method" } } }];
const TOKEN = "open sesame";
const WEATHER = { id: "weather", token: TOKEN, provides: PROVIDES };
const GENERAL = "Cannot register: the host does not know this plugin by this token";

let host: Host<typeof topics>;
let logger: ReturnType<typeof memoryLogger>;
let url: string;

async function begin(options: Partial<HostOptions<typeof topics>> = {}): Promise<void> {
  logger = memoryLogger();
  host = new Host({
    topics,
    logger,
    plugins: [
      { id: "weather", mode: "external", token: TOKEN, options: { unit: "°C" } },
      { id: "anyone", mode: "external" },
      { id: "sleeper", mode: "external", active: false },
    ],
    provides: [implement(clockContract, { now: () => 12 })],
    ...options,
    listen: { port: 0, ...(options.listen as object) },
  });
  url = (await host.ready()).url as string;
}
beforeEach(() => begin());
afterEach(() => host.close());

/** What `rpc.register` is answered with, and how the connection ends. */
async function refusal(params: object, options?: { headers: Record<string, string> }) {
  const { dialler, answer } = await RawDialler.register(url, params, options);
  return { error: answer["error"], code: (await dialler.closed)[0] };
}

test("[T1, T9, T12, T18, S7, S8, S9, S10] by its token it is taken in: the answer has version, session, what the host provides, and its options", async () => {
  const session = host.getSession("weather");
  expect([session.reportedState, session.supervised, session.startedAt, session.restarts]).toEqual(["connecting", undefined, undefined, 0]);
  const { dialler, answer } = await RawDialler.register(url, WEATHER);
  expect(answer).toEqual({
    jsonrpc: "2.0",
    id: 0,
    result: {
      protocolVersion: 1,
      apiVersion: 1,
      sessionId: expect.stringMatching(/^weather\.\d+$/),
      provides: [{ name: "clock", members: { now: { kind: "method" } } }],
      config: { unit: "°C" },
    },
  });
  expect(session.reportedState).toBe("connecting");
  dialler.notify("rpc.ready");
  await expect.poll(() => session.reportedState).toBe("active");
  expect(session.startedAt).toBeInstanceOf(Date);
  // The host calls it, and it calls the host.
  const { greet } = await session.dispense(greeter);
  const greeting = greet({ name: "world" });
  expect(await dialler.message()).toMatchObject({ method: "greeter.greet", params: { name: "world" }, id: 0 });
  dialler.answer(0, "Hello, world!");
  expect(await greeting).toBe("Hello, world!");
  expect(await dialler.request("clock.now")).toMatchObject({ result: 12 });
  await dialler.close();
});

test("[T9] without options its config is {}; a token in Authorization will do", async () => {
  const { dialler, answer } = await RawDialler.register(url, { id: "anyone" });
  expect(answer["result"].config).toEqual({});
  await dialler.close();
  const bearer = await RawDialler.register(url, { id: "weather" }, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(bearer.answer["result"]).toMatchObject({ apiVersion: 1 });
  await bearer.dialler.close();
});

test("[F82] by proofs, made by hand from the page alone: the token does not cross", async () => {
  const { dialler, answer } = await RawDialler.register(url, { id: "weather", proof: true });
  expect(answer["result"]).toEqual({ proof: true });
  const hello = (await dialler.message()) as Record<string, any>;
  expect(hello).toMatchObject({ method: "rpc.hello", params: { protocolVersions: [1], apiVersions: [1], framings: ["lines"] } });
  const { challenge } = hello["params"];
  const own = "ab".repeat(32);
  dialler.answer(hello["id"], {
    protocolVersion: 1,
    apiVersion: 1,
    challenge: own,
    proof: prove("plugin", TOKEN, challenge, own),
    provides: PROVIDES,
  });
  const ready = (await dialler.message()) as Record<string, any>;
  expect(ready).toMatchObject({ method: "rpc.ready", params: { config: { unit: "°C" }, proof: prove("host", TOKEN, challenge, own) } });
  expect(host.getSession("weather").reportedState).toBe("connecting");
  dialler.answer(ready["id"], {});
  await expect.poll(() => host.getSession("weather").reportedState).toBe("active");
  await dialler.close();
});

test("[T19, T18] what is not JSON closes 1003, and so does a binary frame; what is no message, or comes out of order, closes 1008", async () => {
  const first = async (message: string | Buffer): Promise<number> => {
    const dialler = await RawDialler.open(url);
    dialler.socket.send(message);
    return (await dialler.closed)[0];
  };
  const request = (method: string, params?: object): string => JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const codes = await Promise.all([
    first("no JSON"),
    first(""),
    first(Buffer.from(request("rpc.register", WEATHER))),
    first("[]"),
    first('{"jsonrpc":"1.0","id":1,"method":"rpc.register"}'),
    first(request("rpc.ready")),
    first(request("rpc.ping")),
    first(request("rpc.hello")),
    first(request("clock.now")),
    first(JSON.stringify({ jsonrpc: "2.0", method: "rpc.register", params: WEATHER })),
    first('{"jsonrpc":"2.0","id":1,"result":{}}'),
  ]);
  expect(codes).toEqual([1003, 1003, 1003, 1008, 1008, 1008, 1008, 1008, 1008, 1008, 1008]);
});

test("[T18, T5] a call, an event, or a second registration before rpc.ready closes 1008, and none of it runs", async () => {
  const heard: unknown[] = [];
  host.bus.on("printed", (value) => void heard.push(value));
  for (const [method, params] of [
    ["clock.now", undefined],
    ["rpc.event", { topic: "news/printed", value: "too soon" }],
    ["rpc.register", WEATHER],
    ["rpc.ping", undefined],
  ] as const) {
    const { dialler } = await RawDialler.register(url, WEATHER);
    dialler.send({ jsonrpc: "2.0", id: 7, method, params });
    expect((await dialler.closed)[0], method).toBe(1008);
    await expect.poll(() => host.getSession("weather").reportedState).toBe("connecting");
  }
  // Sent along with the registration, before its answer: out of order, too.
  const dialler = await RawDialler.open(url);
  dialler.send(
    `${JSON.stringify({ jsonrpc: "2.0", id: 0, method: "rpc.register", params: WEATHER })}\n{"jsonrpc":"2.0","method":"rpc.ready"}`,
  );
  expect((await dialler.closed)[0]).toBe(1008);
  expect(heard).toEqual([]);
});

test("[T5, S15, F81] a wrong, missing, empty or endless token and an unknown id: one answer, -32001, then 1008; a right one is still taken", async () => {
  const refused = { error: { code: -32001, message: GENERAL }, code: 1008 };
  expect(await refusal({ id: "weather", token: "wrong" })).toEqual(refused);
  expect(await refusal({ id: "weather" })).toEqual(refused);
  expect(await refusal({ id: "weather", token: "" })).toEqual(refused);
  expect(await refusal({ id: "weather", token: `${TOKEN} ` })).toEqual(refused);
  expect(await refusal({ id: "nobody", token: TOKEN })).toEqual(refused);
  expect(await refusal({ id: "weather" }, { headers: { authorization: "Bearer wrong" } })).toEqual(refused);
  expect(await refusal({ id: "weather", token: "x".repeat(4_097) })).toMatchObject({ error: { code: -32602 }, code: 1008 });
  expect(host.getSession("weather").reportedState).toBe("connecting");
  expect(logger.text).toContain('Cannot register plugin "nobody": no such plugin is loaded that dials in');
  expect(logger.text).toContain('Cannot register plugin "weather": its token is another one');
  await (await RawDialler.ready(url, WEATHER)).close();
});

test("[T5] nothing that a refused plugin sends afterwards has any effect", async () => {
  const heard: unknown[] = [];
  host.bus.on("printed", (value) => void heard.push(value));
  const dialler = await RawDialler.open(url);
  const lines = [
    { jsonrpc: "2.0", id: 0, method: "rpc.register", params: { id: "weather", token: "wrong" } },
    { jsonrpc: "2.0", method: "rpc.ready" },
    { jsonrpc: "2.0", method: "rpc.event", params: { topic: "news/printed", value: 1 } },
    { jsonrpc: "2.0", id: 1, method: "rpc.register", params: WEATHER },
  ];
  for (const line of lines) dialler.send(line);
  expect((await dialler.closed)[0]).toBe(1008);
  const later = await RawDialler.register(url, { id: "weather", token: "wrong" });
  for (const line of lines) later.dialler.send(line);
  await later.dialler.closed;
  expect(heard).toEqual([]);
  expect(host.getSession("weather").reportedState).toBe("connecting");
});

test("[F81] a wrong proof closes 1008 without a word; an id that is not known is told the same up to there", async () => {
  for (const [id, token] of [
    ["weather", "wrong"],
    ["nobody", TOKEN],
  ] as const) {
    const { dialler, answer } = await RawDialler.register(url, { id, proof: true });
    expect(answer["result"]).toEqual({ proof: true });
    const hello = (await dialler.message()) as Record<string, any>;
    const own = "cd".repeat(32);
    const proof = prove("plugin", token, hello["params"].challenge, own);
    dialler.answer(hello["id"], { protocolVersion: 1, apiVersion: 1, challenge: own, proof, provides: [] });
    expect(await dialler.message()).toBeUndefined();
    expect((await dialler.closed)[0]).toBe(1008);
  }
});

test("[T6] an entry without a token takes any, and none; by proofs the key is that of the empty text", async () => {
  await (await RawDialler.ready(url, { id: "anyone", token: "whatever" })).close();
  await expect.poll(() => host.getSession("anyone").reportedState).toBe("connecting");
  await (await RawDialler.ready(url, { id: "anyone" })).close();
});

test("[T4, S19, F85, F86] a second connection of the same plugin is refused, -32002 and 1008, and the first stays", async () => {
  const first = await RawDialler.ready(url, WEATHER);
  await expect.poll(() => host.getSession("weather").reportedState).toBe("active");
  const second = await RawDialler.open(url);
  second.send({ jsonrpc: "2.0", id: 0, method: "rpc.register", params: { ...WEATHER, sessionId: "weather.1" } });
  // It is asked whether it is still there.
  const ping = (await first.message()) as Record<string, any>;
  expect(ping["method"]).toBe("rpc.ping");
  first.answer(ping["id"], "pong");
  expect(await second.message()).toMatchObject({
    error: { code: -32002, message: 'Cannot register: plugin "weather" is connected already' },
  });
  expect((await second.closed)[0]).toBe(1008);
  const { greet } = await host.getSession("weather").dispense(greeter);
  const greeting = greet({ name: "you" });
  const call = (await first.message()) as Record<string, any>;
  first.answer(call["id"], "Hello, you!");
  expect(await greeting).toBe("Hello, you!");
  await first.close();
});

test("one that has gone without a word makes room for the next", async () => {
  const first = await RawDialler.ready(url, WEATHER);
  await expect.poll(() => host.getSession("weather").reportedState).toBe("active");
  // It reads and answers nothing any more, as when its machine is gone.
  first.socket.pause();
  const second = await RawDialler.register(url, WEATHER);
  expect(second.answer["result"]).toMatchObject({ apiVersion: 1 });
  expect(host.getSession("weather").lastExit?.reason).toMatchObject({ kind: "lost" });
  first.socket.resume();
  await first.closed;
  await second.dialler.close();
});

test("[S14] an inactive plugin is told to come back: -32002, then 1013; made inactive, it is bidden farewell, then 1001", async () => {
  expect(await refusal({ id: "sleeper" })).toEqual({
    error: { code: -32002, message: 'Cannot register: plugin "sleeper" is inactive' },
    code: 1013,
  });
  await host.getSession("sleeper").setActiveState("active");
  const dialler = await RawDialler.ready(url, { id: "sleeper" });
  await expect.poll(() => host.getSession("sleeper").reportedState).toBe("active");
  const inactive = host.getSession("sleeper").setActiveState("inactive");
  const shutdown = (await dialler.message()) as Record<string, any>;
  expect(shutdown).toMatchObject({ method: "rpc.shutdown", params: { graceMs: 2_000 } });
  dialler.answer(shutdown["id"], {});
  expect((await dialler.closed)[0]).toBe(1001);
  await inactive;
  expect(host.getSession("sleeper").reportedState).toBe("inactive");
});

test("[T16, T35] close() says rpc.shutdown, then 1001, to each, ready or not, and frees the port", async () => {
  const ready = await RawDialler.ready(url, WEATHER);
  const registered = await RawDialler.register(url, { id: "anyone" });
  const silent = await RawDialler.open(url);
  await expect.poll(() => host.getSession("weather").reportedState).toBe("active");
  const closed = host.close();
  const shutdown = (await ready.message()) as Record<string, any>;
  expect(shutdown["method"]).toBe("rpc.shutdown");
  ready.answer(shutdown["id"], {});
  expect((await ready.closed)[0]).toBe(1001);
  expect((await registered.dialler.closed)[0]).toBe(1001);
  await silent.closed;
  await closed;
  await using other = new Host({ listen: { port: Number(new URL(url).port) } });
  expect((await other.ready()).url).toBe(url);
});

test("[S3] unloaded it is closed with 1000, and no longer listed", async () => {
  const dialler = await RawDialler.ready(url, WEATHER);
  await expect.poll(() => host.getSession("weather").reportedState).toBe("active");
  await host.unload("weather");
  expect((await dialler.closed)[0]).toBe(1000);
  expect(host.getSessions().map(({ id }) => id)).toEqual(["anyone", "sleeper"]);
  expect(await refusal(WEATHER)).toMatchObject({ error: { code: -32001 }, code: 1008 });
  await host.unload("weather");
});

test("[F83] ten failures for an id within a minute, and it is told to wait: 429 where it names itself in the request; others are not", async () => {
  for (let n = 0; n < 10; n++) await refusal({ id: "weather", token: `wrong ${n}` });
  const late = await refusal(WEATHER);
  expect(late).toMatchObject({ error: { code: -32002, data: { retryAfterMs: expect.any(Number) } }, code: 1013 });
  const { status, headers } = await RawDialler.refused(url, { headers: { "plugin-id": "weather" } });
  expect(status).toBe(429);
  expect(Number(headers["retry-after"])).toBeGreaterThan(50);
  await (await RawDialler.ready(url, { id: "anyone" })).close();
});

test("[F82, F87] a token in the URL is 400, an Origin 403 unless it is listed, a Host of elsewhere 403", async () => {
  expect((await RawDialler.refused(`${url}/?token=${TOKEN}`)).status).toBe(400);
  expect((await RawDialler.refused(`${url}/?access_token=x`)).status).toBe(400);
  expect((await RawDialler.refused(url, { origin: "https://evil.example" })).status).toBe(403);
  expect((await RawDialler.refused(url, { origin: "null" })).status).toBe(403);
  expect((await RawDialler.refused(url, { headers: { host: "evil.example" } })).status).toBe(403);
  await host.close();
  await begin({ listen: { origins: ["https://good.example"] } });
  await (await RawDialler.open(url, { origin: "https://good.example" })).close();
  expect((await RawDialler.refused(url, { origin: "https://evil.example" })).status).toBe(403);
});

test("[T18] what is too long closes 1009, before and after it is taken in", async () => {
  const stranger = await RawDialler.open(url);
  stranger.send({ jsonrpc: "2.0", id: 0, method: "rpc.register", params: { ...WEATHER, info: { name: "x".repeat(70_000) } } });
  expect((await stranger.closed)[0]).toBe(1009);
  const plugin = await RawDialler.ready(url, WEATHER);
  plugin.send(`"${"x".repeat(33 * 1024 * 1024)}"`);
  expect((await plugin.closed)[0]).toBe(1009);
});

test("[T29] options that its schema refuses are a registration error with readable text, and the session says so", async () => {
  const optionsSchema = {
    type: "object",
    properties: { unit: { enum: ["K", "°F"] }, days: { type: "integer" } },
    required: ["days"],
    additionalProperties: false,
  };
  const { error, code } = await refusal({ ...WEATHER, optionsSchema });
  expect([error.code, code]).toEqual([-32602, 1008]);
  expect(error.message).toBe(
    "Cannot register: the options of plugin \"weather\" are not what it takes: they must have required property 'days'; " +
      '"unit" must be equal to one of the allowed values (K, °F)',
  );
  expect(host.getSession("weather").errorMessage).toContain("are not what it takes");
  const fits = { type: "object", properties: { unit: { type: "string", pattern: "^(a+)+$" } } };
  await (await RawDialler.ready(url, { ...WEATHER, optionsSchema: fits })).close();
});

test("a registration that does not fit is -32602, then 1008: its id, its lists, its versions", async () => {
  for (const params of [
    { id: "" },
    { id: "../etc" },
    { id: 7 },
    { ...WEATHER, provides: "all" },
    { ...WEATHER, events: [1] },
    { ...WEATHER, protocolVersions: [2] },
    { ...WEATHER, apiVersions: ["1"] },
    { ...WEATHER, apiVersions: [2, 3] },
    { ...WEATHER, optionsSchema: [] },
  ]) {
    expect(await refusal(params), JSON.stringify(params)).toMatchObject({ error: { code: -32602 }, code: 1008 });
  }
  expect((await refusal({ ...WEATHER, apiVersions: [2] })).error.data).toEqual({ apiVersions: [1] });
});

test("[T15, T32] one that was cut off is lost, its calls with it; the name is free, and it may come back", async () => {
  const dialler = await RawDialler.ready(url, WEATHER);
  await expect.poll(() => host.getSession("weather").reportedState).toBe("active");
  const { greet } = await host.getSession("weather").dispense(greeter);
  const lost = rejection(greet({ name: "x" }));
  await dialler.message();
  dialler.socket.terminate();
  expect(await lost).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await rejection(greet({ name: "y" }))).toMatchObject({ code: "NOT_SENT" });
  const waiting = greet({ name: "z" }, { waitReadyMs: 20_000 });
  const again = await RawDialler.ready(url, WEATHER);
  const call = (await again.message()) as Record<string, any>;
  again.answer(call["id"], "back");
  expect(await waiting).toBe("back");
  await again.close();
});

test("allowUnknown takes in whom nobody has loaded, for as long as it is connected", async () => {
  await host.close();
  await begin({ listen: { allowUnknown: true } });
  const dialler = await RawDialler.ready(url, { id: "stranger", provides: PROVIDES });
  await expect.poll(() => host.getSessions().map(({ id }) => id)).toContain("stranger");
  expect(await refusal({ id: "weather", token: "wrong" })).toMatchObject({ code: 1008 });
  await dialler.close();
  await expect.poll(() => host.getSessions().map(({ id }) => id)).not.toContain("stranger");
});

test("exposeErrors tells a plugin why", async () => {
  await host.close();
  await begin({ listen: { exposeErrors: true } });
  expect((await refusal({ id: "weather", token: "wrong" })).error.message).toBe(
    'Cannot register plugin "weather": its token is another one',
  );
});

function prove(side: string, token: string, h: string, p: string): string {
  const key = createHash("sha256").update(token).digest();
  return createHmac("sha256", key).update(`${side}:${h}:${p}`).digest("hex");
}
