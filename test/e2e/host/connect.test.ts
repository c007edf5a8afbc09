import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect as connectSocket, createServer } from "node:net";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Host, type HostOptions } from "../../../src/host/index.js";
import { defineContract, defineTopics, event, implement, method } from "../../../src/index.js";
import { type ConnectOptions, connect } from "../../../src/serve/index.js";
import { memoryLogger, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { random } from "../../kit/random.mjs";
import { RawDialler } from "../../kit/raw/raw-dialler.js";

gate();

const greeter = defineContract("greeter", { greet: method<{ name: string }, string>() });
const news = defineTopics("news", { printed: event<string>() });
const TOKEN = "open-sesame-0123456789";
const SOON = { initialMs: 5, maxMs: 20, jitter: 0 };

let host: Host<typeof news>;
let url: string;
const logger = memoryLogger();

async function begin(options: Partial<HostOptions<typeof news>> = {}): Promise<void> {
  host = new Host({
    topics: news,
    logger,
    listen: { port: 0 },
    plugins: [
      { id: "weather", mode: "external", token: TOKEN },
      { id: "open", mode: "external" },
    ],
    ...options,
  });
  url = (await host.ready()).url as string;
}
beforeEach(() => begin());
afterEach(() => host.close());

const greet = ({ name }: { name: string }) => `Hello, ${name}!`;
const plugin = (options: Partial<ConnectOptions> = {}) =>
  connect({ url, id: "weather", token: TOKEN, provides: [implement(greeter, { greet })], redial: SOON, logger, ...options });

test("[T5, S40, F88] a wrong token and an unknown id are refused for good, with a sentence", async () => {
  for (const wrong of [{ token: "another" }, { id: "nobody" }, { token: undefined }, { id: "open" }]) {
    const error = await rejection(plugin(wrong));
    expect(error).toMatchObject({
      code: "UNAUTHORIZED",
      message:
        `Cannot connect plugin "${wrong.id ?? "weather"}" to ${url}/: it closed the connection with 1008: ` +
        `it does not know plugin "${wrong.id ?? "weather"}" by this token, or has it connected already`,
    });
  }
  const open = await plugin({ id: "open", token: undefined });
  await open.close();
});

test("[S19, F85] a second one of the same id is refused for good, and the first stays", async () => {
  const first = await plugin();
  expect((await rejection(plugin())).message).toContain("or has it connected already");
  const remote = await host.getSession("weather").dispense(greeter);
  expect(await remote.greet({ name: "you" })).toBe("Hello, you!");
  await first.close();
});

test("[S14, S40] made inactive it comes back once it is active again; unloaded it does not", async () => {
  const configured: unknown[] = [];
  const connection = await plugin({ configure: (config) => void configured.push(config) });
  const session = host.getSession("weather");
  await session.setActiveState("inactive");
  expect(await connection.closed).toEqual({ kind: "closed", by: "peer", code: 1001 });
  expect(session.reportedState).toBe("inactive");
  await expect.poll(() => logger.text).toContain('with 1013: plugin "weather" is inactive there, or the host has no time now');
  await session.setActiveState("active");
  await expect.poll(() => session.reportedState).toBe("active");
  expect(configured).toHaveLength(2);
  await host.unload("weather");
  expect(await connection.ended).toEqual({ kind: "closed", by: "peer", code: 1000 });
});

test("[S40] a host that is started anew on its port has its plugins back, with the same handlers; the emitter lives on", async () => {
  const connection = await plugin();
  const bus = connection.emitter.dispense(news);
  const port = Number(new URL(url).port);
  await host.close();
  await expect.poll(async () => (await rejection(bus.emit("printed", "lost")))["code"]).toBe("NOT_SENT");
  await begin({ listen: { port } });
  const heard: string[] = [];
  host.bus.on("printed", (value) => void heard.push(value));
  await expect.poll(() => host.getSession("weather").reportedState).toBe("active");
  const remote = await host.getSession("weather").dispense(greeter);
  expect(await remote.greet({ name: "again" })).toBe("Hello, again!");
  await expect.poll(() => bus.emit("printed", "the news").then(() => "said")).toBe("said");
  expect(heard).toEqual(["the news"]);
  await connection.close();
});

test("[T7, T10] required ones are waited for, and NOT_READY names each that did not come, and the time; nothing listens then", async () => {
  await host.close();
  const plugins = ["one", "two"].map((id) => ({ id, mode: "external" as const, required: true }));
  const late = new Host({ plugins, listen: { port: 0 }, clientTimeoutMs: 50 });
  expect(await rejection(late.ready())).toMatchObject({
    code: "NOT_READY",
    message:
      "Cannot become ready: required plugins are not active\n" +
      '  one: it has not dialled in for 50 ms as plugin "one"\n  two: it has not dialled in for 50 ms as plugin "two"',
    plugins: [{ id: "one" }, { id: "two" }],
  });
  await begin({ plugins: [{ id: "weather", mode: "external", token: TOKEN }] });
  const port = Number(new URL(url).port);
  await host.close();
  const coming = plugin({ id: "one", token: undefined });
  await using required = new Host({
    plugins: [{ id: "one", mode: "external", required: true }],
    listen: { port },
    clientTimeoutMs: 60_000,
  });
  await required.ready();
  expect(required.getSession("one").reportedState).toBe("active");
  await (await coming).close();
});

test("[T1, F140] a port that is taken is a CONFLICT that says by whom, and nothing is started; so with TLS that cannot be used", async () => {
  const port = Number(new URL(url).port);
  const other = new Host({ listen: { port } });
  const error = await rejection(other.ready());
  expect((await rejection(other.ready())).message).toContain("this host is closed");
  const key = "no key";
  const unusable = new Host({ listen: { port: 0, tls: { key, cert: key } } });
  expect(await rejection(unusable.ready())).toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("cannot be listened on"),
  });
  expect(error).toMatchObject({ code: "CONFLICT" });
  const by = process.platform === "linux" ? ` by .* \\(process ${process.pid}\\)` : "";
  expect(error.message).toMatch(
    new RegExp(
      `^Cannot listen for plugins that dial in: port ${port} of 127\\.0\\.0\\.1 is taken${by}\n {2}Give another one as listen\\.port`,
    ),
  );
});

test("[T3, F140] load() of an external plugin listens, too; with listen: false nothing does", async () => {
  await using silent = new Host({ listen: false, plugins: [{ id: "x", mode: "external" }] });
  expect(await silent.ready()).toEqual({ url: undefined });
  await using later = new Host({ listen: { port: 0 } });
  const { url: before } = await later.ready();
  const session = await later.load({ id: "x", mode: "external" });
  expect([session.mode, session.reportedState]).toEqual(["external", "connecting"]);
  const connection = await plugin({ url: before as string, id: "x", token: undefined });
  await expect.poll(() => session.reportedState).toBe("active");
  expect(() => later.getSession("y")).toThrow("no such plugin is loaded");
  await connection.close();
});

test("a plugin's configure that throws is what connect() rejects with, and its session is still awaited", async () => {
  const declined = plugin({
    configure: () => {
      throw new Error("no such unit");
    },
  });
  expect((await rejection(declined)).message).toBe("no such unit");
  const session = host.getSession("weather");
  await expect.poll(() => session.errorMessage).toBe('Cannot take in plugin "weather": it declined to start: no such unit');
  expect([session.reportedState, session.errorDetails]).toEqual(["connecting", { code: "REMOTE_ERROR" }]);
});

test("[S4, S15] host.connect() takes in a plugin on a socket that the application has accepted: without a token, by lines", async () => {
  const server = createServer((socket) => {
    taken = host.connect("weather", socket);
  });
  let taken: Promise<void> = Promise.resolve();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connectSocket((server.address() as AddressInfo).port, "127.0.0.1");
  const lines = createInterface(socket)[Symbol.asyncIterator]();
  const send = (message: object): void => void socket.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const provides = [{ name: "greeter", members: { greet: { kind: "method" } } }];
  send({ id: 0, method: "rpc.register", params: { id: "weather", provides } });
  expect(JSON.parse((await lines.next()).value as string)).toMatchObject({ id: 0, result: { apiVersion: 1 } });
  send({ method: "rpc.ready" });
  await taken;
  const remote = await host.getSession("weather").dispense(greeter);
  const greeting = remote.greet({ name: "x" });
  const call = JSON.parse((await lines.next()).value as string) as { id: number };
  send({ id: call.id, result: "Hi" });
  expect(await greeting).toBe("Hi");
  socket.destroy();
  server.close();
  await once(server, "close");
  expect(await rejection(host.connect("nobody", socket))).toMatchObject({ code: "UNKNOWN_PLUGIN" });
});

test("[F92] a redirect is not followed, and is final", async () => {
  const requests: IncomingMessage[] = [];
  const server = createHttpServer().on("upgrade", (request, socket) => {
    requests.push(request);
    socket.end("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nConnection: close\r\n\r\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const error = await rejection(plugin({ url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }));
  expect(error.message).toContain("it refused the WebSocket with 302 Found");
  expect(requests.map(({ headers }) => [headers["plugin-id"], headers.authorization])).toEqual([["weather", undefined]]);
  server.close();
  await once(server, "close");
});

test("a program that took the host's port learns nothing of the token, and is not trusted", async () => {
  await host.close();
  const said: string[] = [];
  const { WebSocketServer } = await import("ws");
  const impostor = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(impostor, "listening");
  impostor.on("connection", (socket) => {
    socket.on("message", (data) => {
      said.push(String(data));
      const { id, method: asked } = JSON.parse(String(data)) as { id: number; method?: string };
      if (asked === "rpc.register") {
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, result: { proof: true } }));
        const params = { protocolVersions: [1], apiVersions: [1], challenge: "ab".repeat(32), framings: ["lines"] };
        socket.send(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "rpc.hello", params }));
      } else {
        socket.send(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "rpc.ready", params: { proof: "00".repeat(32), config: {} } }));
      }
    });
  });
  const port = (impostor.address() as AddressInfo).port;
  const error = await rejection(plugin({ url: `ws://127.0.0.1:${port}`, redial: false }));
  expect(error.message).toContain("could not prove that it is the host");
  expect(said.join("\n")).not.toContain(TOKEN);
  // One that wants no proof is not trusted either.
  impostor.removeAllListeners("connection");
  impostor.on("connection", (socket) =>
    socket.on("message", () => socket.send(JSON.stringify({ jsonrpc: "2.0", id: 0, result: { apiVersion: 1, provides: [], config: {} } }))),
  );
  expect(await rejection(plugin({ url: `ws://127.0.0.1:${port}` }))).toMatchObject({ code: "BAD_HANDSHAKE" });
  for (const client of impostor.clients) client.terminate();
  impostor.close();
  await once(impostor, "close");
});

test("[S21, F82] whatever goes wrong, the token stands in no log, error, event or metric", async () => {
  const seen: string[] = [];
  const pick = random(7);
  for (let n = 0; n < 60; n++) {
    const faults: (() => Promise<unknown>)[] = [
      () => plugin({ token: `${TOKEN}x`, redial: false }),
      () => plugin({ id: "nobody", redial: false }),
      () => RawDialler.register(url, { id: "weather", token: TOKEN, apiVersions: [9] }).then(({ dialler }) => dialler.closed),
      () => RawDialler.register(url, { id: "weather", token: TOKEN, provides: TOKEN }).then(({ dialler }) => dialler.closed),
      () => RawDialler.register(url, { id: "weather", token: [TOKEN] }).then(({ dialler }) => dialler.closed),
      () => RawDialler.refused(`${url}/?token=${TOKEN}`),
      () => RawDialler.refused(url, { headers: { authorization: `Bearer ${TOKEN}`, origin: "null" } }),
      () =>
        RawDialler.open(url).then((dialler) => {
          dialler.send(`{"token":"${TOKEN}"`);
          return dialler.closed;
        }),
      () => RawDialler.register(url, { id: "open", token: TOKEN }).then(({ dialler }) => dialler.close(1011)),
      async () => (() => new Host({ plugins: [{ id: "x", mode: "external", token: { TOKEN } as never }] }))(),
    ];
    const fault = faults[Math.floor(pick() * faults.length)] as () => Promise<unknown>;
    await fault().then(
      (value) => seen.push(JSON.stringify(value) ?? ""),
      (error: Error) => seen.push(error.stack ?? "", JSON.stringify(error), String(error.cause)),
    );
  }
  const records = JSON.stringify(logger.records);
  const sessions = JSON.stringify(
    host.getSessions().map(({ errorDetails, errorMessage, lastExit }) => ({ errorDetails, errorMessage, lastExit })),
  );
  const everything = [...seen, records, sessions, await host.metrics()].join("\n");
  expect(everything.length).toBeGreaterThan(1_000);
  expect(everything).not.toContain(TOKEN);
});
