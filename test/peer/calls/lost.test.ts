import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { PluginError } from "../../../src/errors.js";
import { PeerConnection } from "../../../src/peer/connection.js";
import type { CloseReason } from "../../../src/peer/errors/close-reason.js";
import { socketChannel } from "../../../src/transport/socket.js";
import { systemClock } from "../../../src/util/clock.js";
import { silentLogger } from "../../../src/util/logger.js";
import { rejection } from "../../kit/fixtures.js";
import { limitsOf } from "../../kit/options.js";
import { outcome, scripted, settled } from "../../kit/script-channel.js";

const broke = new PluginError("CONNECTION_LOST", "the connection broke (ECONNRESET)");

test("[F65, P1] every call in flight rejects CONNECTION_LOST once when the connection is lost, in the order they were made", async () => {
  const { connection, channel } = scripted();
  const order: number[] = [];
  const calls = Array.from({ length: 1_000 }, (_, n) => {
    const call = connection.call("kv.get", { n }, { timeoutMs: Number.POSITIVE_INFINITY });
    call.catch(() => order.push(n));
    return outcome(call);
  });
  channel.end(broke);
  await settled();
  expect(calls.every(({ state, times, value }) => state === "rejected" && times === 1 && value.code === "CONNECTION_LOST")).toBe(true);
  expect(order).toEqual(calls.map((_, n) => n));
  expect(calls[0]?.value.message).toBe(
    'Lost the answer to "kv.get": the connection to plugin "kv" is lost: the connection broke (ECONNRESET); the call may have run',
  );
  expect(calls[0]?.value.cause).toBe(broke);
  expect(await connection.closed).toEqual({ kind: "lost", error: broke });
});

test("[P2, F67] what certainly never left rejects NOT_SENT, so that it may be made again elsewhere", async () => {
  const { connection, channel } = scripted();
  const calls = [1, 2, 3, 4].map((n) => rejection(connection.call("kv.get", n)));
  channel.end(broke, 2);
  expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(["CONNECTION_LOST", "CONNECTION_LOST", "NOT_SENT", "NOT_SENT"]);
  expect((await calls[3])?.message).toBe('Cannot call "kv.get": the connection to plugin "kv" is lost: the connection broke (ECONNRESET)');
});

test("[P2] answers and cancellations count among the messages, so that a call is not taken for unsent", async () => {
  const { connection, channel } = scripted();
  const controller = new AbortController();
  const sent = rejection(connection.call("kv.get", 1));
  const given = rejection(connection.call("kv.get", 2, { signal: controller.signal }));
  channel.say({ jsonrpc: "2.0", id: 0, method: "rpc.ping" });
  controller.abort();
  await given;
  channel.end(broke, 2); // The cancellation, and the answer to the ping.
  expect(await sent).toMatchObject({ code: "CONNECTION_LOST" });
});

test("a connection that we close rejects its calls CONNECTION_CLOSED", async () => {
  const { connection } = scripted();
  const call = rejection(connection.call("kv.get", 1));
  expect(await connection.close()).toEqual({ kind: "closed", by: "us" });
  expect(await connection.close()).toEqual({ kind: "closed", by: "us" });
  expect(await call).toMatchObject({
    code: "CONNECTION_CLOSED",
    message: 'Lost the answer to "kv.get": we closed the connection to plugin "kv"; the call may have run',
  });
});

test("a connection that the other side closes in order rejects its calls CONNECTION_LOST", async () => {
  const { connection, channel } = scripted();
  const call = rejection(connection.call("kv.get", 1));
  channel.end();
  expect(await call).toMatchObject({
    code: "CONNECTION_LOST",
    message: 'Lost the answer to "kv.get": the connection to plugin "kv" was closed by it; the call may have run',
  });
  const reason = await connection.closed;
  expect([reason, "code" in reason]).toEqual([{ kind: "closed", by: "peer" }, false]);
});

test("the code that the other side closed a WebSocket with is in the reason, whether it was closed or broke", async () => {
  for (const code of [1000, 1005, 1013]) {
    const { connection, channel } = scripted();
    channel.end(undefined, 0, code);
    expect(await connection.closed).toEqual({ kind: "closed", by: "peer", code });
  }
  const { connection, channel } = scripted();
  const error = new PluginError("CONNECTION_LOST", "the connection broke without a close frame");
  channel.end(error, 0, 1006);
  expect(await connection.closed).toEqual({ kind: "lost", error, code: 1006 });
});

test("the code is in what is asked to explain a loss, and none is where this side closes or is leaving", async () => {
  const asked: unknown[] = [];
  const explain = async (reason: CloseReason): Promise<CloseReason> => {
    asked.push(reason);
    return reason;
  };
  const first = scripted({ explain });
  first.channel.end(undefined, 0, 1012);
  expect(await first.connection.closed).toEqual({ kind: "closed", by: "peer", code: 1012 });
  expect(asked).toEqual([{ kind: "closed", by: "peer", code: 1012 }]);
  const second = scripted();
  second.connection.peer.leave("it is being stopped");
  second.channel.end(undefined, 0, 1000);
  expect(await second.connection.closed).toEqual({ kind: "closed", by: "us" });
});

test("[F66] a call after the end rejects NOT_SENT, in a macrotask", async () => {
  const { connection, channel, clock } = scripted();
  await connection.close();
  const call = outcome(connection.call("kv.get", 1));
  await settled();
  expect(call.state).toBe("pending");
  clock.runSoon();
  await settled();
  expect(call.value).toMatchObject({ code: "NOT_SENT", message: 'Cannot call "kv.get": we closed the connection to plugin "kv"' });
  expect(channel.take()).toEqual([]);
});

test("[F66] calls while the plugin is being stopped reject NOT_SENT, and those that run are still answered", async () => {
  const { connection, channel, clock } = scripted();
  const running = connection.call("kv.get", 1);
  connection.peer.leave('plugin "kv" is being stopped');
  const late = rejection(connection.call("kv.get", 2));
  clock.runSoon();
  expect(await late).toMatchObject({ code: "NOT_SENT", message: 'Cannot call "kv.get": plugin "kv" is being stopped' });
  channel.answer(0, "done");
  expect(await running).toBe("done");
});

test("[F66] a rejection handler that calls again at once finds a closed connection, and no timer starves", async () => {
  const { connection } = scripted({ clock: systemClock });
  await connection.close();
  let retries = 0;
  let over = false;
  const retry = (): Promise<unknown> =>
    connection.call("kv.get").catch(() => {
      retries++;
      return over ? undefined : retry();
    });
  const loop = retry();
  await new Promise<void>((resolve) => setTimeout(resolve, 5));
  over = true;
  await loop;
  expect(retries).toBeGreaterThan(0);
});

async function socketPair(): Promise<{ readonly near: Socket; readonly far: Socket; end(): Promise<void> }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "connection");
  const near = connect((server.address() as { port: number }).port, "127.0.0.1");
  const [far] = (await accepted) as [Socket];
  await once(near, "connect");
  const end = async (): Promise<void> => {
    near.destroy();
    far.destroy();
    await once(server.close(), "close");
  };
  return { near, far, end };
}

test("[F67] a call or a notification on a socket that was just destroyed rejects NOT_SENT, and does not hang", async () => {
  const { near, end } = await socketPair();
  const options = { limits: limitsOf(), clock: systemClock, logger: silentLogger, validate: true, callTimeoutMs: 60_000, other: "it" };
  const connection = new PeerConnection(socketChannel(near, { stallTimeoutMs: 1_000 }), options);
  connection.peer.trust();
  near.destroy();
  const settlements = [rejection(connection.call("kv.get", 1)), rejection(connection.peer.notify("kv.note", 1))];
  expect((await Promise.all(settlements)).map(({ code }) => code)).toEqual(["NOT_SENT", "NOT_SENT"]);
  await end();
});

test("[F67, P2] a call of the tick in which the socket is destroyed rejects NOT_SENT: it was never written", async () => {
  const { near, far, end } = await socketPair();
  const heard: Buffer[] = [];
  far.on("data", (chunk) => heard.push(chunk));
  const options = { limits: limitsOf(), clock: systemClock, logger: silentLogger, validate: true, callTimeoutMs: 60_000, other: "it" };
  const connection = new PeerConnection(socketChannel(near, { stallTimeoutMs: 1_000 }), options);
  connection.peer.trust();
  const call = rejection(connection.call("kv.get", 1));
  near.destroy();
  expect(await call).toMatchObject({ code: "NOT_SENT" });
  expect(heard).toEqual([]);
  await end();
});
