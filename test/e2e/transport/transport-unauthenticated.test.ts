import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { expect, test } from "vitest";
import { defineContract, implement, method } from "../../../src/index.js";
import { MAX_UNAUTHENTICATED } from "../../../src/transport/unauthenticated-connections.js";
import { gate } from "../../kit/gate.js";
import { within } from "../../kit/own-time.js";
import { RawHostOver, type RawLines, RawPluginOver } from "../../transport/attackers.js";
import { TRANSPORTS } from "../../transport/ends.js";
import { RawWebSocket } from "../../transport/raw-websocket.js";

gate();

const echo = defineContract("echo", { echo: method<unknown, unknown>() });

/** A server whose handlers and configuration note that they ran. */
async function server(transport: (typeof TRANSPORTS)[number], limits = {}): Promise<{ host: RawHostOver; ran: unknown[] }> {
  const ran: unknown[] = [];
  const noting = (value: unknown): unknown => {
    ran.push(value);
    return value;
  };
  const host = await RawHostOver.serve(transport, [implement(echo, { echo: noting })], limits);
  return { host, ran };
}

const request = (id: number, name: string, params?: unknown): unknown => ({ jsonrpc: "2.0", id, method: name, params });

/** Shows that the real host still gets in. */
async function expectsReal(host: RawHostOver): Promise<void> {
  const real = await host.ready();
  real.send(request(2, "echo.echo", ["real"]));
  expect(await real.message()).toEqual({ jsonrpc: "2.0", id: 2, result: "real" });
  real.destroy();
}

for (const transport of TRANSPORTS) {
  test(`[F42, F58] any other first message than the hello closes, is not answered, and runs nothing, over ${transport}`, async () => {
    const { host, ran } = await server(transport);
    await using _ = host;
    for (const first of [
      request(0, "echo.echo", [1]),
      request(0, "rpc.ping"),
      request(0, "rpc.ready", { proof: "0".repeat(64), config: {} }),
      request(0, "rpc.shutdown", { graceMs: 0 }),
      request(0, "rpc.nothing"),
      { jsonrpc: "2.0", method: "rpc.hello", params: {} },
      { jsonrpc: "2.0", method: "echo.echo", params: [1] },
      { jsonrpc: "2.0", method: "rpc.log", params: { level: "error", message: "forged" } },
      { jsonrpc: "1.0", id: 0, method: "rpc.hello" },
      [request(0, "rpc.hello", {})],
      "GET / HTTP/1.1\r",
    ]) {
      const stranger = await host.connect();
      if (typeof first === "string") stranger.text(first);
      else stranger.send(first);
      expect(await stranger.rest(), JSON.stringify(first)).toEqual([]);
    }
    expect(ran).toEqual([]);
    expect(host.logger.text).not.toContain("forged");
    await expectsReal(host);
  });

  test(`[F42] a response as the first message closes, and says nothing in the log, over ${transport}`, async () => {
    const { host } = await server(transport, { helloTimeoutMs: 500 });
    await using _ = host;
    for (const first of [
      { jsonrpc: "2.0", id: 0, result: 1 },
      { jsonrpc: "2.0", id: 0, error: { code: 1, message: "no" } },
      { jsonrpc: "2.0", id: null, error: { code: 1, message: "forged" } },
    ]) {
      const stranger = await host.connect();
      stranger.send(first);
      // Not answered any more.
      stranger.send(request(0, "rpc.hello", { protocolVersions: [1], apiVersions: [1], challenge: "0".repeat(64) }));
      expect(await stranger.rest(), JSON.stringify(first)).toEqual([]);
    }
    expect(host.logger.text).not.toContain("forged");
  });

  test(`[F42] a wrong proof closes without an answer, whatever its form, over ${transport}`, async () => {
    const { host, ran } = await server(transport);
    await using _ = host;
    for (const forge of [
      (proof: string) => proof.replace(/./, (digit) => (digit === "0" ? "1" : "0")),
      (proof: string) => proof.toUpperCase().replace(/^[0-9]*$/, "A"),
      (proof: string) => proof.slice(1),
      () => "",
      () => undefined,
      () => null,
      () => 5,
      (proof: string) => [proof],
    ]) {
      const stranger = await host.connect();
      const proof = await host.hello(stranger);
      stranger.send(request(1, "rpc.ready", { proof: forge(proof), provides: [], config: {} }));
      stranger.send(request(2, "echo.echo", [1]));
      expect(await stranger.rest(), forge.toString()).toEqual([]);
    }
    expect(ran).toEqual([]);
    await expectsReal(host);
  });

  test(`[F42] a proof holds on its own connection alone, and no call comes between hello and ready, over ${transport}`, async () => {
    const { host, ran } = await server(transport);
    await using _ = host;
    const [one, two] = [await host.connect(), await host.connect()];
    const proof = await host.hello(one);
    await host.hello(two);
    two.send(request(1, "rpc.ready", { proof, provides: [], config: {} }));
    expect(await two.rest()).toEqual([]);
    one.send(request(1, "echo.echo", [1]));
    expect(await one.rest()).toEqual([]);
    expect(ran).toEqual([]);
  });

  test(`[F42, F54] a stranger's line has at most 64 KiB, complete or not, over ${transport}`, async () => {
    const { host } = await server(transport, { helloTimeoutMs: 60_000 });
    await using _ = host;
    const stranger = await host.connect();
    stranger.text(JSON.stringify(request(0, "rpc.hello", { padding: "x".repeat(65_536) })));
    expect(await stranger.rest()).toEqual([]);
    const endless = await host.connect();
    const piece = Buffer.alloc(4_096, "x");
    // Without a newline; over a WebSocket in a frame that says it is long, and is within the limit of a proven host.
    if (transport === "websocket") endless.socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3, 4]));
    let gone = false;
    void endless.gone.then(() => {
      gone = true;
    });
    let written = 0;
    while (!gone) {
      endless.socket.write(piece);
      written += piece.length;
      await new Promise((resolve) => setImmediate(resolve));
      if (written > 4 * 1024 * 1024) break;
    }
    expect(gone).toBe(true);
    await expectsReal(host);
  });

  test(`[F42] a hello that drips in is cut off at helloTimeoutMs in all, over ${transport}`, async () => {
    const { host } = await server(transport, { helloTimeoutMs: 150 });
    await using _ = host;
    const stranger = await host.connect();
    const drip = setInterval(() => stranger.socket.write(transport === "websocket" ? Buffer.from([0x8a, 0x80, 0, 0, 0, 0]) : " "), 10);
    // The row is about a bound.
    await within(3_000, stranger.rest()).finally(() => clearInterval(drip));
    await expectsReal(host);
  });

  test(`[F42] the deadline covers hello and ready together, and proven connections have none, over ${transport}`, async () => {
    const { host } = await server(transport, { helloTimeoutMs: 300 });
    await using _ = host;
    const real = await host.ready();
    const stranger = await host.connect();
    await host.hello(stranger);
    expect(await stranger.rest()).toEqual([]);
    real.send(request(2, "rpc.ping"));
    expect(await real.message()).toMatchObject({ result: "pong" });
  });

  test(`[F42] at most 64 strangers wait, the oldest goes first, and the real host gets in, over ${transport}`, async () => {
    const { host } = await server(transport, { helloTimeoutMs: 60_000 });
    await using _ = host;
    const proven = await host.ready();
    const strangers: RawLines[] = [];
    for (let count = 0; count < MAX_UNAUTHENTICATED; count++) {
      const stranger = await host.connect();
      // Half of them have got as far as one can without the secret.
      if (count % 2 === 0) await host.hello(stranger);
      strangers.push(stranger);
    }
    await expectsReal(host);
    expect(await (strangers[0] as RawLines).rest()).toEqual([]);
    const last = strangers.at(-2) as RawLines;
    last.send(request(1, "rpc.ready", { proof: "wrong" }));
    expect(await last.rest(), "one of the youngest is still heard").toEqual([]);
    proven.send(request(2, "rpc.ping"));
    expect(await proven.message()).toMatchObject({ result: "pong" });
    expect(strangers.slice(1, -2).every(({ socket }) => !socket.destroyed)).toBe(true);
  });

  test(`[F42] in a burst of strangers too, over ${transport}`, async () => {
    const { host } = await server(transport, { helloTimeoutMs: 60_000 });
    await using _ = host;
    const burst = Array.from({ length: 3 * MAX_UNAUTHENTICATED }, () => connect(host.target).resume());
    const gone = (socket: Socket): Promise<unknown> =>
      new Promise((resolve) => socket.on("error", () => {}).once("close", () => resolve(undefined)));
    await Promise.all(burst.slice(0, 2 * MAX_UNAUTHENTICATED).map(gone));
    // Nobody else has come, so these wait.
    expect(burst.filter(({ destroyed }) => !destroyed)).toEqual(burst.slice(2 * MAX_UNAUTHENTICATED));
    await expectsReal(host);
    for (const socket of burst) socket.destroy();
  });

  test(`any number of connections prove themselves, and losing one ends neither the others nor the server, over ${transport}`, async () => {
    const { host } = await server(transport);
    await using _ = host;
    const all = await Promise.all(Array.from({ length: 100 }, () => host.ready()));
    for (const lines of all.slice(0, 50)) lines.destroy();
    all[50]?.text("no message");
    await all[50]?.rest();
    for (const lines of all.slice(51)) {
      lines.send(request(2, "echo.echo", ["here"]));
      expect(await lines.message()).toMatchObject({ result: "here" });
    }
    await expectsReal(host);
  });

  test(`[F42] a host refuses whoever cannot prove the secret, and tells it nothing, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport, { config: { token: "secret" } });
    const lines = await plugin.connect();
    const { id } = await lines.message();
    const challenge = "0".repeat(64);
    lines.send({
      jsonrpc: "2.0",
      id,
      result: { protocolVersion: 1, apiVersion: 1, challenge, framing: "lines", proof: challenge, provides: [] },
    });
    expect(await lines.rest()).toEqual([]);
    await expect(plugin.started).rejects.toMatchObject({ code: "BAD_HANDSHAKE" });
  });

  test(`[F42] a host closes on a call, or on a line that is too long, before the other side has proven itself, over ${transport}`, async () => {
    for (const line of [
      '{"jsonrpc":"2.0","id":0,"method":"rpc.ping"}',
      `{"jsonrpc":"2.0","method":"rpc.log","params":["${"x".repeat(70_000)}"]}`,
    ]) {
      await using plugin = new RawPluginOver(transport);
      const lines = await plugin.connect();
      await lines.message();
      lines.text(line);
      expect(await lines.rest()).toEqual([]);
      await expect(plugin.started).rejects.toMatchObject({ code: "BAD_HANDSHAKE" });
    }
  });
}

test("[F42] the deadline of a WebSocket counts from its connection, not from its upgrade", async () => {
  const { host } = await server("websocket", { helloTimeoutMs: 500 });
  await using _ = host;
  const early = connect(host.target);
  await once(early, "connect");
  // Another comes later, is a WebSocket at once, and before the first is one.
  await new Promise((resolve) => setTimeout(resolve, 150));
  const late = await host.connect();
  await new Promise((resolve) => setTimeout(resolve, 150));
  early.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  early.write("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
  const order: string[] = [];
  early.resume().once("close", () => order.push("early"));
  await Promise.all([once(early, "close"), late.gone.then(() => order.push("late"))]);
  expect(order).toEqual(["early", "late"]);
});

test("[F122] a web page gets no WebSocket of a plugin", async () => {
  const { host } = await server("websocket");
  await using _ = host;
  const page = await RawWebSocket.connect(host.target, { Origin: "http://localhost:3000" });
  expect(page.head).toMatch(/^HTTP\/1\.1 403 /);
  await page.closed;
});
