import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:net";
import getPort from "get-port";
import { expect, test, vi } from "vitest";
import { bindInRange } from "../../src/transport/port-range.js";
import { gate } from "../kit/gate.js";

gate();
const HOST = "127.0.0.1";

async function listen(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, HOST);
  await once(server, "listening");
  return server;
}

const close = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

/** A range of neighbouring ports of which this test holds all. */
async function occupied(length: number): Promise<{ host: string; minPort: number; maxPort: number; servers: Server[] } & AsyncDisposable> {
  for (;;) {
    const first = await listen(0);
    const minPort = (first.address() as AddressInfo).port;
    const others = Array.from({ length: length - 1 }, (_, index) => listen(minPort + 1 + index));
    const settled = await Promise.allSettled(others);
    const servers = [first, ...settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []))];
    const dispose = async (): Promise<void> => void (await Promise.all(servers.map(close)));
    if (servers.length === length) return { host: HOST, minPort, maxPort: minPort + length - 1, servers, [Symbol.asyncDispose]: dispose };
    await dispose();
  }
}

test("[O15] a range of which every port is taken is an error that names it, where get-port gives a port outside it", async () => {
  await using range = await occupied(3);
  const { minPort, maxPort } = range;
  const given = await getPort({ port: [minPort, minPort + 1, maxPort], host: HOST });
  expect(given < minPort || given > maxPort, "get-port falls back outside, silently").toBe(true);
  const sentence = `Cannot listen: every port from ${minPort} to ${maxPort} of 127.0.0.1 is taken; allow a wider range, or 0 to 0 for any port`;
  await expect(bindInRange(createServer(), range)).rejects.toMatchObject({ message: sentence, code: "EADDRINUSE" });
});

test("[O15] where the port that chance picks is taken, another one of the range is", async () => {
  await using range = await occupied(4);
  const [, , free] = range.servers as [Server, Server, Server, Server];
  await close(free);
  const random = vi.spyOn(Math, "random").mockReturnValue(0);
  const server = createServer();
  try {
    expect(await bindInRange(server, range)).toEqual({ network: "tcp", host: HOST, port: range.minPort + 2 });
    expect((server.address() as AddressInfo).port).toBe(range.minPort + 2);
  } finally {
    random.mockRestore();
    await close(server);
  }
});

test("[O15] a port of the range is bound on its host alone, ends included", async () => {
  await using range = await occupied(1);
  const [taken] = range.servers as [Server];
  await close(taken);
  const server = createServer();
  const address = await bindInRange(server, range);
  expect(address).toEqual({ network: "tcp", host: HOST, port: range.minPort });
  expect((server.address() as AddressInfo).address).toBe(HOST);
  await close(server);
});

test("[O15] 0 to 0 lets the system choose", async () => {
  const server = createServer();
  const address = await bindInRange(server, { host: HOST, minPort: 0, maxPort: 0 });
  expect(address.network === "tcp" && address.port > 0).toBe(true);
  await close(server);
});

test("[O15] any other failure to listen is the system's own error", async () => {
  const server = createServer();
  const busy = await listen(0);
  server.listen = (() => server.emit("error", Object.assign(new Error("no"), { code: "EMFILE" }))) as never;
  await expect(bindInRange(server, { host: HOST, minPort: 10_000, maxPort: 10_001 })).rejects.toMatchObject({ code: "EMFILE" });
  await close(busy);
});

test("one port that is taken is an error that names it", async () => {
  await using range = await occupied(1);
  const sentence = `Cannot listen: port ${range.minPort} of 127.0.0.1 is taken; give another one, or 0 for any port`;
  await expect(bindInRange(createServer(), range)).rejects.toMatchObject({ message: sentence, code: "EADDRINUSE" });
});

test("a server is bound to the host that it is given, and the address is what that meant", async () => {
  for (const [host, address] of [
    ["0.0.0.0", "0.0.0.0"],
    ["127.0.0.2", "127.0.0.2"],
    ["localhost", expect.stringMatching(/^(127\.0\.0\.1|::1)$/)],
  ] as const) {
    const server = createServer();
    const found = await bindInRange(server, { host, minPort: 0, maxPort: 0, backlog: 5 });
    expect(found).toEqual({ network: "tcp", host: address, port: (server.address() as AddressInfo).port });
    await close(server);
  }
});
