import { once } from "node:events";
import { symlinkSync } from "node:fs";
import { close as closeInspector, open as openInspector } from "node:inspector";
import { type AddressInfo, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, type ClientOptions, NewClient } from "../../../src/index.js";
import type { Runtime } from "../../../src/process/runtime.js";
import { gist, reason, startFailure } from "../../client/start/start-failure.js";
import { clientFor } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();

/** A listener that is not the plugin's, and counts who comes. */
let stranger: Server;
let port: number;
let connectionCount: number;
beforeEach(async () => {
  connectionCount = 0;
  stranger = createServer((socket) => {
    connectionCount++;
    socket.on("error", () => {});
    socket.resume();
  });
  stranger.listen(0, "127.0.0.1");
  await once(stranger, "listening");
  ({ port } = stranger.address() as AddressInfo);
});
afterEach(async () => {
  await new Promise((resolve) => stranger.close(resolve));
});

/** A client of a process that is only said to exist, and announces what it is told to. */
function announcing(announce: (env: Readonly<Record<string, string>>) => string, options: Partial<ClientOptions> = {}): Client {
  const runtime: Runtime = {
    start: async ({ env }) => {
      let end!: (exit: { exitCode: null; signal: NodeJS.Signals }) => void;
      const exited = new Promise<{ exitCode: null; signal: NodeJS.Signals }>((resolve) => {
        end = resolve;
      });
      const stdout = (async function* () {
        yield Buffer.from(`${announce(env)}\n`);
        await exited;
      })();
      return {
        id: "x",
        stdin: undefined,
        stdout,
        stderr: (async function* () {})(),
        exited,
        signal: (signal) => end({ exitCode: null, signal }),
      };
    },
  };
  return NewClient({ command: "x", runtime, minPort: 0, maxPort: 0, ...options });
}

const REFUSED = { code: "BAD_HANDSHAKE", step: "announcement", exitCode: null, signal: null };
const LOOPBACK_ONLY = "and no connection was attempted: only 127.0.0.1 and [::1] are dialled";
for (const host of ["93.184.216.34", "localhost", "0.0.0.0", "127.0.0.2", "[::]", "[::ffff:127.0.0.1]"]) {
  test(`[F38] ${host} is announced, and no connection is attempted`, async () => {
    const error = await startFailure(announcing(() => `1|1|tcp|${host}:${port}|jsonrpc|`));
    expect(gist(error)).toEqual(REFUSED);
    expect(reason(error)).toBe(`it announced the address "${host}:${port}", ${LOOPBACK_ONLY}`);
    expect(connectionCount).toBe(0);
  });
}

test("[F38, O15] a port outside the range is announced, and no connection is attempted", async () => {
  const error = await startFailure(announcing(() => `1|1|tcp|127.0.0.1:${port}|jsonrpc|`, { minPort: 1, maxPort: 2 }));
  expect(gist(error)).toEqual(REFUSED);
  expect(error.message).toBe(
    `Cannot start plugin "x": it announced the address "127.0.0.1:${port}", and no connection was attempted: its port is not in 1 to 2\n` +
      "  A plugin takes its port from PLUGIN_MIN_PORT to PLUGIN_MAX_PORT; with minPort and maxPort 0 any will do.",
  );
  expect(connectionCount).toBe(0);
});

test("[F38] port 0 and a port above 65535 are no addresses", async () => {
  const zero = await startFailure(announcing(() => "1|1|tcp|127.0.0.1:0|jsonrpc|"));
  expect(reason(zero)).toContain("port 0 is no port that can be dialled");
  const high = await startFailure(announcing(() => "1|1|tcp|127.0.0.1:70000|jsonrpc|"));
  expect(reason(high)).toBe('it announced address "127.0.0.1:70000", which is no host:port');
});

test("[F38] the host's own debugger is not dialled", async () => {
  openInspector(0);
  try {
    const error = await startFailure(announcing(() => `1|1|tcp|127.0.0.1:${process.debugPort}|jsonrpc|`));
    expect(gist(error)).toEqual(REFUSED);
    expect(reason(error)).toContain("that is where the debugger of this host listens");
  } finally {
    closeInspector();
  }
});

for (const path of ["/run/other/s", "DIR/../s", "DIR/a/b", "s"]) {
  test(`[F38] the socket ${path} is announced, and no connection is attempted`, async () => {
    let dir = "";
    const announce = ({ PLUGIN_UNIX_SOCKET_DIR = "" }) => {
      dir = PLUGIN_UNIX_SOCKET_DIR;
      return `1|1|unix|${path.replace("DIR", dir)}|jsonrpc|`;
    };
    const error = await startFailure(announcing(announce, { transport: "unix" }));
    expect(gist(error)).toEqual(REFUSED);
    const shown = path.replace("DIR", dir);
    expect(reason(error)).toBe(
      `it announced the address "${shown}", and no connection was attempted: only a socket directly in "${dir}" is dialled`,
    );
  });
}

test("[F38] a link in the socket's directory is announced, and no connection is attempted", async () => {
  const elsewhere = createServer(() => connectionCount++);
  const announce = ({ PLUGIN_UNIX_SOCKET_DIR: dir = "" }) => {
    elsewhere.listen(join(dir, "real"));
    symlinkSync(join(dir, "real"), join(dir, "s"));
    return `1|1|unix|${dir}/s|jsonrpc|`;
  };
  const error = await startFailure(announcing(announce, { transport: "unix" }));
  await new Promise((resolve) => elsewhere.close(resolve));
  expect(gist(error)).toEqual({ ...REFUSED, step: "connect" });
  expect(reason(error)).toContain(", and no connection was attempted: it is a link");
  expect(connectionCount).toBe(0);
});

for (const [line, code, sentence] of [
  ["99|1|tcp|127.0.0.1:1|jsonrpc|", "VERSION_MISMATCH", "it announced version 99 of the handshake, and this host speaks version 1"],
  ["-1|1|tcp|127.0.0.1:1|jsonrpc|", "VERSION_MISMATCH", "it announced version -1 of the handshake, and this host speaks version 1"],
  ["1|-1|tcp|127.0.0.1:1|jsonrpc|", "BAD_HANDSHAKE", 'it announced apiVersion "-1", which is no whole number from 1'],
  ["1|1e99|tcp|127.0.0.1:1|jsonrpc|", "BAD_HANDSHAKE", 'it announced apiVersion "1e99", which is no whole number from 1'],
  ["1|0|tcp|127.0.0.1:1|jsonrpc|", "BAD_HANDSHAKE", 'it announced apiVersion "0", which is no whole number from 1'],
  ["1|1|pipe|x|jsonrpc|", "BAD_HANDSHAKE", 'it announced network "pipe", and this host knows tcp and unix'],
  ["1|1|tcp|127.0.0.1:1|grpc|", "BAD_HANDSHAKE", 'it announced protocol "grpc", and this host speaks jsonrpc and jsonrpc+ws'],
] as const) {
  test(`[O1, F37] a plugin that announces ${line} is ended, and the error says what is wrong`, async () => {
    const error = await startFailure(clientFor("prints-and-waits", { args: [line] }));
    expect([gist(error), reason(error)]).toEqual([{ ...REFUSED, code }, sentence]);
  });
}

for (const host of ["127.0.0.1", "::1"]) {
  test(`[F39, O21] a plugin that listens on ${host}, a while after it says so, starts`, async ({ skip }) => {
    if (!Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === host)))
      skip(`no ${host} here`);
    await using client = clientFor("listens-late", { args: [host] });
    expect(await client.start()).toMatchObject({ network: "tcp", host });
    expect(await (await client.client()).ping()).toBeGreaterThan(0);
  });
}

test("[F39] a plugin that never listens where it said fails the start with ECONNREFUSED", async () => {
  const error = await startFailure(clientFor("listens-badly", { args: ["never"], limits: { helloTimeoutMs: 300 } }));
  expect(gist(error)).toEqual({ ...REFUSED, code: "START_FAILED", step: "connect" });
  expect(reason(error)).toMatch(/^it announced 127\.0\.0\.1:\d+ and did not listen there in 300 ms \(ECONNREFUSED\)$/);
  expect(error.message.split("\n").at(-1)).toBe("  If it only needs longer, raise limits.helloTimeoutMs.");
  expect(error.cause).toMatchObject({ cause: { code: "ECONNREFUSED" } });
});

test("[F42] whoever took the plugin's port cannot prove that the host started it, and learns no secret", async () => {
  const heard: string[] = [];
  stranger.on("connection", (socket) => {
    socket.on("data", (chunk) => {
      heard.push(String(chunk));
      const { id } = JSON.parse(String(chunk));
      const result = {
        protocolVersion: 1,
        apiVersion: 1,
        challenge: "ab".repeat(32),
        proof: "cd".repeat(32),
        framing: "lines",
        provides: [],
      };
      socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
    });
  });
  const client = clientFor("prints-and-waits", { args: [`1|1|tcp|127.0.0.1:${port}|jsonrpc|`], config: { password: "hidden" } });
  const error = await startFailure(client);
  expect(gist(error)).toEqual({ ...REFUSED, step: "hello" });
  expect(reason(error)).toBe("whoever answered could not prove that this host had started it, and was told nothing");
  expect(heard).toHaveLength(1);
  expect(heard[0]).not.toContain("hidden");
});

test("[F42, F40] whoever took the plugin's port and never speaks fails the start", async () => {
  const error = await startFailure(
    clientFor("prints-and-waits", { args: [`1|1|tcp|127.0.0.1:${port}|jsonrpc|`], limits: { helloTimeoutMs: 100 } }),
  );
  expect(gist(error)).toEqual({ ...REFUSED, code: "START_TIMEOUT", step: "hello" });
  expect(connectionCount).toBe(1);
});
