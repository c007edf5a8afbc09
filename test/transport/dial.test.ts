import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { expect, test } from "vitest";
import { dial } from "../../src/transport/dial.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { Door, Ear, TRANSPORTS } from "./ends.js";

gate();
const PROTOCOLS = ["jsonrpc", "jsonrpc+ws"] as const;

/** A server that accepts and never speaks. */
async function mute(): Promise<{ server: Server; port: number; sockets: Socket[] } & AsyncDisposable> {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const dispose = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { server, sockets, port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: dispose };
}

for (const transport of TRANSPORTS) {
  test(`dial() resolves with a channel that outlives the signal it was dialled with, over ${transport}`, async () => {
    await using door = await Door.open(transport);
    const abort = new AbortController();
    const { address, protocol } = door.listener;
    const near = new Ear(await dial(address, protocol, { limits: limitsOf(), signal: abort.signal }));
    const far = new Ear(await door.channel());
    abort.abort();
    near.channel.send("still here");
    expect(await far.line()).toBe("still here");
    near.channel.close();
    await Promise.all([near.closed, far.closed]);
  });
}

for (const transport of TRANSPORTS) {
  test(`dial() rejects with what a listener of the connection throws, and closes it, over ${transport}`, async () => {
    await using door = await Door.open(transport);
    const fault = new TypeError("in the listener");
    const limits = Object.defineProperty({ ...limitsOf() }, "stallTimeoutMs", {
      enumerable: true,
      get() {
        throw fault;
      },
    });
    const { address, protocol } = door.listener;
    expect(await rejection(dial(address, protocol, { limits, signal: new AbortController().signal }))).toBe(fault);
    const far = new Ear(await door.channel());
    await far.closed;
  });
}

for (const protocol of PROTOCOLS) {
  test(`[F39] dial() rejects with the system's error where nobody listens, as ${protocol}`, async () => {
    await using held = await mute();
    await new Promise((resolve) => held.server.close(resolve));
    const address = { network: "tcp", host: "127.0.0.1", port: held.port } as const;
    const error = await rejection(dial(address, protocol, { limits: limitsOf(), signal: new AbortController().signal }));
    expect(error["code"]).toBe("ECONNREFUSED");
  });

  test(`dial() to a unix socket that is not there rejects with the system's error, as ${protocol}`, async () => {
    const address = { network: "unix", path: "/nonexistent/s" } as const;
    const error = await rejection(dial(address, protocol, { limits: limitsOf(), signal: new AbortController().signal }));
    expect(error["code"]).toBe("ENOENT");
  });

  test(`dial() rejects with the signal's reason and opens nothing once that was aborted, as ${protocol}`, async () => {
    await using held = await mute();
    const address = { network: "tcp", host: "127.0.0.1", port: held.port } as const;
    const reason = new Error("given up");
    expect(await rejection(dial(address, protocol, { limits: limitsOf(), signal: AbortSignal.abort(reason) }))).toBe(reason);
  });
}

test("dial() that is aborted while a WebSocket's server is silent closes what it had opened", async () => {
  await using held = await mute();
  const abort = new AbortController();
  const address = { network: "tcp", host: "127.0.0.1", port: held.port } as const;
  const dialled = rejection(dial(address, "jsonrpc+ws", { limits: limitsOf(), signal: abort.signal }));
  const [socket] = (await once(held.server, "connection")) as [Socket];
  socket.resume();
  const reason = new Error("given up");
  abort.abort(reason);
  expect(await dialled).toBe(reason);
  await once(socket, "close");
});

test("[F40] dial() gives a WebSocket's server that never answers helloTimeoutMs", async () => {
  await using held = await mute();
  const address = { network: "tcp", host: "127.0.0.1", port: held.port } as const;
  const limits = limitsOf({ helloTimeoutMs: 50 });
  const error = await rejection(dial(address, "jsonrpc+ws", { limits, signal: new AbortController().signal }));
  expect([error["code"], error.message]).toEqual(["CALL_TIMEOUT", "it was connected to, and did not begin a WebSocket in 50 ms"]);
});

test("dial() follows no redirect", async () => {
  await using held = await mute();
  await using elsewhere = await mute();
  held.server.on("connection", (socket) =>
    socket.once("data", () => socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${elsewhere.port}/\r\n\r\n`)),
  );
  const address = { network: "tcp", host: "127.0.0.1", port: held.port } as const;
  const error = await rejection(dial(address, "jsonrpc+ws", { limits: limitsOf(), signal: new AbortController().signal }));
  expect(error.message).toBe("it refused the WebSocket with 302 Found");
  expect(elsewhere.sockets).toEqual([]);
});
