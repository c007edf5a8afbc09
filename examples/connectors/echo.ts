// A secure WebSocket echo service for lines of JSON. What comes is written to a file and sent back, until one of the lines says exit.
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connector, websocketClient, websocketServer } from "mortise/connectors";

// Another port may be given, where somebody else has this one.
const PORT = process.argv[2] ?? "65535";
const LINES = [{ snot: "badger" }, ["several", "lines"], "or one", { exit: true }];

// Files are named as in the configuration: below the directory that the program runs in.
const dir = await mkdtemp(join(tmpdir(), "mortise-echo-"));
process.chdir(dir);
try {
  await makeCertificate();
  await run();
} finally {
  process.chdir("/");
  await rm(dir, { recursive: true });
}

async function run(): Promise<void> {
  // #region server
  const server = websocketServer({
    preprocessors: ["separate"],
    codec: "json",
    config: {
      url: `0.0.0.0:${PORT}`,
      tls: {
        cert: "./before/localhost.cert",
        key: "./before/localhost.key",
      },
    },
  });
  await server.start();
  const served = echo(server);
  // #endregion server

  // #region client
  const client = websocketClient({
    postprocessors: ["separate"],
    codec: "json",
    config: {
      url: `wss://0.0.0.0:${PORT}`,
      no_delay: false,
      tls: {
        cafile: "./before/localhost.cert",
        domain: "localhost",
      },
    },
    reconnect: {
      retry: {
        interval_ms: 500,
        growth_rate: 2,
        max_retries: 3,
      },
    },
  });
  await client.start();
  const printed = print(client);
  // #endregion client

  await writeFile("in.json", LINES.map((line) => `${JSON.stringify(line)}\n`).join(""));
  for (const line of (await readFile("in.json", "utf8")).trimEnd().split("\n")) await client.send({ data: JSON.parse(line) });
  await served;
  await printed;
  console.log(`echo            out.json holds ${(await readFile("out.json", "utf8")).split("\n").length - 1} lines`);
}

// #region echo
async function echo(server: Connector): Promise<void> {
  for await (const event of server.out) {
    await appendFile("out.json", `${JSON.stringify(event.data)}\n`);
    // Back to the connection that it came from.
    await server.send(event);
    if (isExit(event.data)) break;
  }
  // What was sent goes out before the connections are closed.
  await server.drain();
  await server.stop();
}
// #endregion echo

async function print(client: Connector): Promise<void> {
  for await (const { data } of client.out) {
    console.log(`echo            ${JSON.stringify(data)}`);
    if (isExit(data)) break;
  }
  await client.stop();
}

function isExit(data: unknown): boolean {
  return typeof data === "object" && data !== null && "exit" in data;
}

async function makeCertificate(): Promise<void> {
  await mkdir("before");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "before/localhost.key"];
  execFileSync("openssl", ["req", "-x509", ...key, "-subj", "/CN=localhost", "-days", "1", "-out", "before/localhost.cert"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
}
