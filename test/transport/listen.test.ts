import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listen } from "../../src/transport/listen.js";
import { MAX_UNAUTHENTICATED } from "../../src/transport/unauthenticated-connections.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { within } from "../kit/own-time.js";
import { RawSocket } from "../kit/raw/raw-socket.js";
import { Door, Ear, TRANSPORTS } from "./ends.js";
import { RawWebSocket } from "./raw-websocket.js";

gate();

function listenIn(unixSocketDir: string): ReturnType<typeof listen> {
  return listen({
    transport: "unix",
    host: "127.0.0.1",
    minPort: 0,
    maxPort: 0,
    unixSocketDir,
    limits: limitsOf(),
    onChannel: () => {},
  });
}

/** What an HTTP client gets for bytes, until the other side ends. */
async function ask(door: Door, request: string): Promise<string> {
  const socket = connect(door.target);
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.write(request);
  await once(socket, "close");
  return answer;
}

test("[F143] a unix socket is its user's alone, whatever the umask, and is removed when the listener closes", async () => {
  const dir = mkdtempSync(join(tmpdir(), "u-"));
  const umask = process.umask(0);
  try {
    const listener = await listenIn(dir);
    expect(listener.address).toEqual({ network: "unix", path: join(dir, "s") });
    expect(statSync(join(dir, "s")).mode & 0o777).toBe(0o600);
    await listener.close();
    await listener.close();
    expect(() => statSync(join(dir, "s"))).toThrow("ENOENT");
  } finally {
    process.umask(umask);
    rmSync(dir, { recursive: true });
  }
});

test("[O31] a unix socket's path that the system would cut is refused, with what to do", async () => {
  const dir = join(mkdtempSync(join(tmpdir(), "u-")), "x".repeat(110));
  mkdirSync(dir);
  const path = join(dir, "s");
  await expect(listenIn(dir)).rejects.toThrow(
    new Error(`Cannot listen on "${path}": a socket's path is at most 107 bytes, so its directory must be shorter`),
  );
  rmSync(join(dir, ".."), { recursive: true });
});

test("a directory that is not there is the system's own error", async () => {
  await expect(listenIn(join(tmpdir(), "missing"))).rejects.toMatchObject({ code: expect.stringMatching(/ENOENT|EACCES/) });
  const dir = mkdtempSync(join(tmpdir(), "u-"));
  const first = await listenIn(dir);
  await expect(listenIn(dir)).rejects.toMatchObject({ code: "EADDRINUSE" });
  await first.close();
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true });
});

test("[F122] an upgrade with an Origin, as browsers send it, is refused with 403, and nothing hears of it", async () => {
  await using door = await Door.open("websocket");
  for (const Origin of ["http://127.0.0.1", "null", ""]) {
    const raw = await RawWebSocket.connect(door.target, { Origin });
    expect(raw.head, Origin).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
    expect(await raw.closed).toBe("end");
  }
  const raw = await RawWebSocket.connect(door.target);
  expect(raw.head).toMatch(/^HTTP\/1\.1 101 /);
  new Ear(await door.channel());
  raw.destroy();
});

test("[F58] plain HTTP gets 426 and the connection ends", async () => {
  await using door = await Door.open("websocket");
  const hello = '{"jsonrpc":"2.0","id":0,"method":"rpc.hello"}\n';
  for (const request of [
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    `POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${hello.length}\r\n\r\n${hello}`,
  ]) {
    const answer = await ask(door, request);
    expect(answer).toMatch(/^HTTP\/1\.1 426 Upgrade Required\r\n/);
    expect(answer).toContain("upgrade: websocket\r\n");
    expect(answer).toContain("This is a WebSocket: it answers no other requests.\n");
  }
});

test("[F63] an upgrade that is none, and bytes that are no HTTP, are answered 400, and the listener lives", async () => {
  await using door = await Door.open("websocket");
  const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
  for (const request of [
    `${upgrade}\r\n`,
    `${upgrade}Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    '{"jsonrpc":"2.0"}\n\n',
  ]) {
    expect(await ask(door, request)).toMatch(/^HTTP\/1\.1 400 /);
  }
  const extensions = { "Sec-WebSocket-Extensions": "constructor, __proto__; toString" };
  const raw = await RawWebSocket.connect(door.target, extensions);
  expect(raw.head).toMatch(/^HTTP\/1\.1 101 /);
  new Ear(await door.channel());
  raw.destroy();
});

test("[F42] of sockets that never ask for an upgrade the oldest is closed first, and a real one still gets in", async () => {
  await using door = await Door.open("websocket");
  const sockets: RawSocket[] = [];
  for (let count = 0; count < MAX_UNAUTHENTICATED; count++) {
    const socket: Socket = connect(door.target);
    await once(socket, "connect");
    sockets.push(new RawSocket(socket));
  }
  const raw = await RawWebSocket.connect(door.target);
  expect(raw.head).toMatch(/^HTTP\/1\.1 101 /);
  const ear = new Ear(await door.channel());
  await sockets[0]?.closed;
  expect(sockets.slice(1).every(({ socket }) => !socket.destroyed)).toBe(true);
  raw.text("still here");
  expect(await ear.line()).toBe("still here");
  for (const socket of [...sockets, raw]) socket.destroy();
});

test("[F42] headers that drip in are cut off at helloTimeoutMs, counted from the connection", async () => {
  await using door = await Door.open("websocket", { helloTimeoutMs: 100 });
  const socket = connect(door.target);
  // Cut off in the middle of a write it may be reset.
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.on("close", resolve));
  const drip = setInterval(() => socket.write("GET / HTTP/1.1\r\nX: y\r\n"[socket.bytesWritten] ?? "z"), 10);
  socket.resume();
  // The row is about a bound; a drip would go on for ever.
  await within(3_000, closed).finally(() => clearInterval(drip));
});

for (const transport of TRANSPORTS) {
  test(`close() takes no more connections, and what has proven itself lives on, over ${transport}`, async () => {
    await using door = await Door.open(transport);
    const raw = await door.raw();
    const ear = new Ear(await door.channel());
    ear.channel.allow?.(1_000);
    const closed = door.listener.close();
    const late = connect(door.target);
    const [refused] = (await once(late, "error")) as [NodeJS.ErrnoException];
    expect(refused.code).toMatch(/ECONNREFUSED|ENOENT/);
    if (raw instanceof RawWebSocket) raw.text("still here");
    else raw.write("still here\n");
    expect(await ear.line()).toBe("still here");
    raw.destroy();
    await closed;
  });
}
