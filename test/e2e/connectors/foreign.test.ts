import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { connect, dataOf, Reader, serve, type Tried } from "../../connectors/kit.js";
import { lacksOpenssl, selfSigned } from "../../kit/certificates.js";
import { gate } from "../../kit/gate.js";
import { lacks } from "../../kit/languages.js";
import { findTool } from "../../package/tools.js";

gate();

const run = promisify(execFile);
const peer = (name: string): string => fileURLToPath(new URL(`peers/${name}`, import.meta.url));

/** A Python that has websockets: the system's, where another one stands before it on PATH. */
const python = ["python3", "/usr/bin/python3"].find((file) => spawnSync(file, ["-c", "import websockets"]).status === 0);
const lacksPython = missing(python, "Python's websockets is not installed: apt-get install python3-websockets");
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find((file) => existsSync(file));
const lacksChromium = missing(chromium, "Chromium is not installed: apt-get install chromium");
const playwright = findTool("playwright-core", ["playwright-core/index.mjs"]);

/** Why a test is left out. Where everything must run, that is a fault. */
function missing(found: string | undefined, lack: string): string | undefined {
  if (found !== undefined) return undefined;
  if (process.env["CI"]) throw new Error(`Cannot run the tests that need it: ${lack}`);
  return lack;
}

/** Sends each event back. */
function echo({ connector }: Tried): void {
  void (async () => {
    for await (const event of connector.out) connector.send(event).catch(() => {});
  })();
}

const SAID = ['{"n":1}', '{"n":2}', '"fragmented"'];

test.skipIf(lacksPython)(
  "[R1, R3, R9, R28] Python's websockets speaks with a server: lines, fragments, pings, binary, 1 MiB, compression refused, a close code",
  async () => {
    await using server = await serve();
    const changes = new Reader(server.connector.changes());
    echo(server);
    const { stdout } = await run(python as string, [peer("client.py"), server.url]);
    expect(stdout.split("\n")).toEqual(["[]", ...SAID, "pong", "bytes", "True", "4001", ""]);
    expect(await changes.next()).toMatchObject({ end: expect.any(String) });
    expect(server.connector.metrics).toMatchObject({ out: 5, err: 0 });
  },
);

test.skipIf(lacksPython ?? lacksOpenssl())("[R11] Python's websockets speaks with a server over TLS", async () => {
  const dir = mkdtempSync(join(tmpdir(), "python-"));
  try {
    const pair = selfSigned("localhost", ["-addext", "subjectAltName=DNS:localhost"]);
    writeFileSync(join(dir, "ca.pem"), pair.cert);
    await using server = await serve({ tls: pair });
    echo(server);
    const { stdout } = await run(python as string, [peer("client.py"), server.url.replace("ws:", "wss:"), join(dir, "ca.pem")]);
    expect(stdout.split("\n").slice(1, 4)).toEqual(SAID);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test.skipIf(lacksPython)(
  "[R2, R28, R35] a client speaks with a server of Python's websockets, and notices its close and its breaking off",
  async () => {
    const child = spawn(python as string, [peer("server.py")], { stdio: ["ignore", "pipe", "inherit"] });
    const [port] = (await once(createInterface(child.stdout), "line")) as [string];
    for (const [word, why] of [
      ["close", "the connection was lost: it was closed with 4002"],
      ["break", "the connection was lost: it broke without a close frame"],
    ] as const) {
      await using client = await connect(`ws://127.0.0.1:${port}`, { reconnect: "none" });
      const big = "x".repeat(1_048_576);
      for (const data of [1, big, { deep: [true] }]) await client.connector.send({ data });
      expect(dataOf(await client.out.take(3))).toEqual([1, big, { deep: [true] }]);
      await client.connector.send({ data: word });
      expect(await client.out.rest()).toEqual([]);
      expect(client.connector.error?.message).toBe(`Cannot connect the WebSocket client of "ws://127.0.0.1:${port}": ${why}`);
    }
    child.kill();
    await once(child, "close");
  },
);

// Go compiles half of its library for it, which takes a minute or more where it has not yet: MORTISE_GO_PEER=1 asks for it.
const lacksGo = process.env["MORTISE_GO_PEER"] === "1" ? lacks("go") : "MORTISE_GO_PEER=1 is not set";

test.skipIf(lacksGo)(
  "[R1, R3, R28] Go's websocket package speaks with a server: fragments, binary, 1 MiB, compression refused, a close code",
  async (context) => {
    const dir = mkdtempSync(join(tmpdir(), "go-"));
    try {
      cpSync(peer("go"), dir, { recursive: true });
      const built = spawnSync("go", ["build", "-buildvcs=false", "-o", "peer", "."], {
        cwd: dir,
        encoding: "utf8",
        env: { ...process.env, CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOFLAGS: "", GOWORK: "off" },
      });
      // Where modules cannot be had, as offline.
      if (built.status !== 0) return void context.skip(`Go cannot build it: ${built.stderr.split("\n")[0]}`);
      await using server = await serve();
      echo(server);
      const { stdout } = await run(join(dir, "peer"), [server.url]);
      expect(stdout.split("\n")).toEqual([...SAID, "MessageBinary", "true", "<nil>", ""]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
  300_000,
);

/** An empty page, from an origin of its own. */
async function site(): Promise<{ readonly origin: string; readonly server: Server }> {
  const server = createServer((_request, response) =>
    response.setHeader("content-type", "text/html").end("<!doctype html><title>page</title>"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

// What a page does, as text: it runs there.
const IN_PAGE = `async ({ url, big }) => {
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const said = [];
  const waiting = [];
  socket.onmessage = ({ data }) => (waiting.shift() ?? ((each) => said.push(each)))(data);
  const next = () => (said.length > 0 ? Promise.resolve(said.shift()) : new Promise((resolve) => waiting.push(resolve)));
  const closed = new Promise((resolve) => (socket.onclose = ({ code, wasClean }) => resolve([code, wasClean])));
  const opened = await Promise.race([new Promise((resolve) => (socket.onopen = () => resolve(true))), closed]);
  if (opened !== true) return { opened };
  socket.send('{"n":1}\\n{"n":2}\\n');
  const lines = [await next(), await next()];
  socket.send(new TextEncoder().encode('"binary"\\n'));
  const binary = new TextDecoder().decode(await next());
  socket.send(JSON.stringify("x".repeat(big)) + "\\n");
  const { length } = await next();
  socket.close(4001, "enough");
  return { lines, binary, length, extensions: socket.extensions, closed: await closed };
}`;

test.skipIf(lacksChromium ?? playwright.lack)(
  "[R1, R3, R28] a page in Chromium speaks with a server that names its origin; another server turns it away",
  async () => {
    const { chromium: browsers } = (await import(pathToFileURL(playwright.file).href)) as any;
    const { origin, server: http } = await site();
    const browser = await browsers.launch({ executablePath: chromium, args: ["--no-sandbox"] });
    try {
      await using open = await serve({ origins: [origin] });
      await using closed = await serve();
      echo(open);
      const page = await browser.newPage();
      await page.goto(origin);
      const visit = (url: string): Promise<unknown> => page.evaluate(`(${IN_PAGE})(${JSON.stringify({ url, big: 1_048_576 })})`);
      expect(await visit(open.url)).toEqual({
        lines: ['{"n":1}\n', '{"n":2}\n'],
        binary: '"binary"\n',
        length: 1_048_576 + 3,
        extensions: "",
        closed: [4001, true],
      });
      expect(await visit(closed.url)).toEqual({ opened: [1006, false] });
      expect([open.connector.metrics.err, closed.connector.metrics.out]).toEqual([0, 0]);
    } finally {
      await browser.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    }
  },
);
