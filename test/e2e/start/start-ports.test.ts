import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ClientOptions, NewClient } from "../../../src/index.js";
import { gist, reason, startFailure } from "../../client/start/start-failure.js";
import { clientFor, fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
let taken: Server;
let port: number;
beforeEach(async () => {
  taken = createServer();
  taken.listen(0, "127.0.0.1");
  await once(taken, "listening");
  ({ port } = taken.address() as AddressInfo);
});
afterEach(() => new Promise((resolve) => taken.close(resolve)));

for (const transport of ["tcp", "websocket"] as const) {
  test(`[O15] the port of a plugin is in the range, over ${transport}`, async () => {
    const [minPort, maxPort] = [20_000, 20_400];
    await using client = clientFor("echo", { transport, minPort, maxPort });
    const address = await client.start();
    expect(address).toMatchObject({ network: "tcp", host: "127.0.0.1" });
    expect(address.network === "tcp" && address.port >= minPort && address.port <= maxPort).toBe(true);
  });

  test(`[O15] an exhausted range fails the start, and the plugin's own words say so, over ${transport}`, async () => {
    const error = await startFailure(clientFor("echo", { transport, minPort: port, maxPort: port }));
    expect(gist(error)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: 1, signal: null });
    expect(reason(error)).toBe("it exited with code 1 before announcing an address");
    expect(error.message).toContain(`\n  last stderr line: Cannot listen: port ${port} of 127.0.0.1 is taken; `);
  });
}

test("[O15] the range is 10000 to 25000 by default", async () => {
  await using client = NewClient({ command: fixture("echo") });
  const address = await client.start();
  expect(address.network === "tcp" && address.port >= 10_000 && address.port <= 25_000).toBe(true);
});

test("[O15] with 0 the system chooses", async () => {
  await using client = NewClient({ command: fixture("echo"), minPort: 0 });
  const address = await client.start();
  expect(address.network === "tcp" && address.port > 0).toBe(true);
});

test.each([
  [{ minPort: -1 }, "minPort is -1, and it must be a port from 1 to 65535, or both 0 for any"],
  [{ maxPort: 65_536 }, "maxPort is 65536, and it must be a port from 1 to 65535, or both 0 for any"],
  [{ minPort: 1.5 }, "minPort is 1.5, and it must be a port from 1 to 65535, or both 0 for any"],
  [{ minPort: 5, maxPort: 0 }, "maxPort is 0, and it must be a port from 1 to 65535, or both 0 for any"],
  [{ minPort: 9, maxPort: 8 }, "minPort 9 is above maxPort 8"],
] satisfies [Partial<ClientOptions>, string][])("[O15] a range of %j is the caller's mistake", (range, sentence) => {
  expect(() => NewClient({ command: "x", ...range })).toThrow(new RangeError(`Cannot create a client: ${sentence}`));
});
