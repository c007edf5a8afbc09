import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Connector, isPluginError, websocketClient, websocketServer } from "../../src/connectors/index.js";
import { lacksOpenssl, selfSigned } from "../kit/certificates.js";
import { gate } from "../kit/gate.js";
import { connect, Reader } from "./kit.js";

// The configuration below is that of the document this was made from, word for word: its names, its values and its files' names.
const lack = lacksOpenssl();
const here = process.cwd();
let dir = "";

beforeAll(() => {
  if (lack !== undefined) return;
  dir = mkdtempSync(join(tmpdir(), "seed-"));
  mkdirSync(join(dir, "before"));
  const { cert, key } = selfSigned("localhost");
  writeFileSync(join(dir, "before/localhost.cert"), cert);
  writeFileSync(join(dir, "before/localhost.key"), key);
  process.chdir(dir);
});
afterAll(() => {
  process.chdir(here);
  if (dir !== "") rmSync(dir, { recursive: true });
});
gate();

/** Ports are given: somebody else on this machine may run the same test. */
async function startServer(make: () => Connector): Promise<Connector> {
  for (;;) {
    const server = make();
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      if (!isPluginError(error, "UNREACHABLE") || !error.message.includes("EADDRINUSE")) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

const plainServer = (): Connector =>
  websocketServer({
    preprocessors: [
      {
        name: "separate",
        config: {
          buffered: false,
        },
      },
    ],
    codec: "json",
    config: {
      url: "127.0.0.1:4242",
    },
  });

const secureServer = (): Connector =>
  websocketServer({
    preprocessors: ["separate"],
    codec: "json",
    config: {
      url: "0.0.0.0:65535",
      tls: {
        // Security certificate for this service endpoint
        cert: "./before/localhost.cert",
        // Security key
        key: "./before/localhost.key",
      },
    },
  });

const plainClient = (): Connector =>
  websocketClient({
    postprocessors: ["separate"],
    codec: "json",
    config: {
      // Connect to port 4242 on the loopback device
      url: "ws://127.0.0.1:4242/",
    },
  });

const secureClient = (): Connector =>
  websocketClient({
    postprocessors: ["separate"],
    codec: "json",
    config: {
      // Listen on all interfaces on TCP port 65535
      url: "wss://0.0.0.0:65535",
      // Prefer delay and enable the TCP Nagle algorithm
      no_delay: false,
      // Enable SSL/TLS
      tls: {
        // CA certificate
        cafile: "./before/localhost.cert",
        // Domain
        domain: "localhost",
      },
    },
    // Reconnect starting at half a second, backoff by doubling, maximum of 3 tries before circuit breaking
    reconnect: {
      retry: {
        interval_ms: 500,
        growth_rate: 2,
        max_retries: 3,
      },
    },
  });

test("[R1, R2, R9, R10] the plain server and the plain client of the seed talk to each other", async () => {
  await using server = await startServer(plainServer);
  await using client = plainClient();
  await client.start();
  await client.send({ data: { hello: "world" } });
  const event = await new Reader(server.out).next();
  const { port } = event.meta.ws_server?.peer ?? { port: 0 };
  expect(event).toMatchObject({ data: { hello: "world" }, meta: { ws_server: { tls: false, peer: { host: "127.0.0.1", port } } } });
  await server.send(event);
  expect(await new Reader(client.out).next()).toMatchObject({
    data: { hello: "world" },
    meta: { ws_client: { tls: false, peer: { host: "127.0.0.1", port: 4242 } } },
  });
});

test('[R3, R5] what `let $ws_server["binary"] = true` asks for is a binary frame', async () => {
  await using server = await startServer(plainServer);
  await using client = plainClient();
  await client.start();
  await client.send({ data: 1, meta: { $ws_server: { binary: true } } });
  await client.send({ data: 2 });
  expect((await new Reader(server.out).take(2)).map(({ meta }) => meta.binary)).toEqual([true, undefined]);
});

test.skipIf(lack)(
  "[R11, R12, R15, R16, R19, R20] the seed's scenario: an echo over TLS that writes what it gets to a file, and ends by an exit message",
  async () => {
    const server = await startServer(secureServer);
    await using client = secureClient();
    await client.start();
    // flow from ws_server to file, echo it back, or exit
    const serverSide = (async () => {
      for await (const event of server.out) {
        appendFileSync("events.log", `${JSON.stringify(event.data)}\n`);
        await server.send(event);
        if ((event.data as { exit?: boolean }).exit === true) break;
      }
      await server.drain();
      await server.stop();
    })();
    // single or multiple lines
    const lines = [{ snot: "badger" }, [1, 2, 3], "text", { exit: true }];
    for (const data of lines) await client.send({ data });
    const echoed = await new Reader(client.out).take(4);
    await serverSide;
    expect(echoed.map(({ data }) => data)).toEqual(lines);
    expect(echoed[0]?.meta).toEqual({
      ws_client: { tls: true, peer: { host: expect.stringMatching(/^(127\.0\.0\.1|0\.0\.0\.0)$/), port: 65535 } },
    });
    expect(readFileSync("events.log", "utf8")).toBe(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    rmSync("events.log");
    expect([server.state, server.metrics.err, client.metrics.err]).toEqual(["stopped", 0, 0]);
  },
);

test.skipIf(lack)("[R19] several lines in one frame are several events of the seed's secure server", async () => {
  await using server = await startServer(secureServer);
  await using client = await connect("wss://0.0.0.0:65535", {
    codec: "string",
    postprocessors: [],
    tls: { cafile: "./before/localhost.cert", domain: "localhost" },
  });
  await client.connector.send({ data: '{"a":1}\n{"b":2}\n{"c"' });
  await client.connector.send({ data: ":3}\n" });
  expect((await new Reader(server.out).take(3)).map(({ data }) => data)).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
});
