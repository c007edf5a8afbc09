import { Server } from "node:net";
import { expect, test, vi } from "vitest";
import { websocketClient, websocketServer } from "../../src/connectors/index.js";
import { resolveClientOptions } from "../../src/connectors/options/client-options.js";
import { resolveServerOptions } from "../../src/connectors/options/server-options.js";
import { canReusePort } from "../../src/connectors/options/socket-options.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { connect, type Options, serve } from "./kit.js";

gate();

const CERTIFICATE = { cert: "-----BEGIN CERTIFICATE-----", key: "-----BEGIN PRIVATE KEY-----" };
const server = (options: object) => resolveServerOptions({ codec: "json", url: "x", ...options });
const client = (options: object) => resolveClientOptions({ codec: "json", url: "x", ...options });

test.each<[string, object, object]>([
  ["no scheme", { url: "127.0.0.1:4242" }, { isSecure: false, host: "127.0.0.1", port: 4242, path: "/" }],
  ["no scheme and no port", { url: "localhost" }, { isSecure: false, host: "localhost", port: 80 }],
  ["no scheme, with tls", { url: "example.org", tls: CERTIFICATE }, { isSecure: true, host: "example.org", port: 443 }],
  ["ws", { url: "ws://[::1]:9/feed?x=1" }, { isSecure: false, host: "::1", port: 9, path: "/feed?x=1" }],
  ["wss", { url: "wss://example.org", tls: CERTIFICATE }, { isSecure: true, port: 443 }],
])("[R1] a server's url: %s", (_, options, place) => {
  expect(server(options).place).toMatchObject(place);
});

test.each<[string, object, object]>([
  ["ws", { url: "ws://127.0.0.1:4242/" }, { place: { isSecure: false, host: "127.0.0.1", port: 4242, path: "/" }, tls: undefined }],
  ["wss, whose defaults need no tls", { url: "wss://example.org/feed" }, { place: { isSecure: true, port: 443, path: "/feed" }, tls: {} }],
  ["no scheme, with tls", { url: "example.org", tls: true }, { place: { isSecure: true, port: 443 }, tls: {} }],
  ["no scheme, with tls: false", { url: "example.org", tls: false }, { place: { isSecure: false, port: 80 }, tls: undefined }],
])("[R2, R12] a client's url: %s", (_, options, resolved) => {
  expect(client(options)).toMatchObject(resolved);
});

test.each<[string, object, string]>([
  ["[R30] a misspelt option", { ur: "x" }, 'there is no option "ur"; did you mean "url"?'],
  [
    "[R30] a misspelt option in config",
    { url: undefined, config: { url: "x", back_log: 1 } },
    'there is no option "config.back_log"; did you mean "config.backlog"?',
  ],
  ["[R30] an option beside config", { config: { url: "x" } }, "url stands beside config, and must stand in it"],
  ["[R1] wss without tls", { url: "wss://x" }, 'url is "wss://x", and without tls its scheme must be ws'],
  ["[R1] ws with tls", { url: "ws://x", tls: CERTIFICATE }, 'url is "ws://x", and with tls its scheme must be wss'],
  ["[R1] another scheme", { url: "http://x" }, 'url is "http://x", and its scheme must be ws or wss'],
  ["[R1] no URL", { url: "ws://" }, 'url is "ws://", and that is no URL'],
  ["[R1] a fragment", { url: "ws://x/#y" }, 'url is "ws://x/#y", and a WebSocket\'s URL has no fragment'],
  ["[R1] a password", { url: "ws://u:p@x" }, "url holds a user's name or a password, which has no place in it"],
  ["[R1] no url", { url: undefined }, "url is undefined, and it must be a URL, as ws://127.0.0.1:4242"],
  ["[R11] tls without a key", { tls: { cert: "c" } }, "tls.key is undefined, and it must be a file's path, or PEM"],
  ["[R13] a backlog of 0", { backlog: 0 }, "backlog is 0, and it must be a whole number from 1 to 2147483647"],
  [
    "[R14] what Node.js cannot set",
    { socket_options: { SO_RCVBUF: 1 } },
    "socket_options.SO_RCVBUF is nothing that can be set here; there are TCP_NODELAY, SO_REUSEPORT, SO_REUSEADDR",
  ],
  [
    "[R14] what Node.js always sets",
    { socket_options: { SO_REUSEADDR: false } },
    "socket_options.SO_REUSEADDR cannot be false: Node.js sets it on every server",
  ],
  [
    "[R15] both spellings, and two meanings",
    { no_delay: true, socket_options: { TCP_NODELAY: false } },
    "no_delay is true, and socket_options.TCP_NODELAY, which means the same, is false",
  ],
  [
    "[R9] no codec",
    { codec: undefined },
    'codec is undefined, and it must be "json", "string", "binary", or an object with name, encode and decode',
  ],
  ["[R9] a codec without decode", { codec: { name: "x", encode() {} } }, "codec has no function decode"],
  ["[R9] a codec without a name", { codec: { encode() {}, decode() {} } }, "codec.name must be a text"],
  [
    "[R37] an unknown preprocessor",
    { preprocessors: ["seperate"] },
    'preprocessors[0] is "seperate", which is no such processor; did you mean "separate"?',
  ],
  [
    "[R37] a postprocessor among the preprocessors",
    { preprocessors: [{ name: "compress" }] },
    'preprocessors[0].name is "compress", which is no such processor; did you mean "decompress"?',
  ],
  [
    "[R37] no list",
    { preprocessors: "separate" },
    'preprocessors is "separate", and it must be a list of names, or of objects with name and config',
  ],
  [
    "[R37] a processor that is none",
    { preprocessors: [1] },
    "preprocessors[0] is 1, and it must be a name, or an object with name and config",
  ],
  [
    "[R37] a misspelt configuration",
    { preprocessors: [{ name: "separate", config: { bufered: false } }] },
    'there is no option "preprocessors[0].config.bufered"; did you mean "preprocessors[0].config.buffered"?',
  ],
  [
    "[R37] an empty separator",
    { postprocessors: [{ name: "separate", config: { separator: "" } }] },
    'postprocessors[0].config.separator is "", and it must be a text of at least one character',
  ],
  [
    "[R37] an unknown algorithm",
    { preprocessors: [{ name: "decompress", config: { algorithm: "br" } }] },
    'preprocessors[0].config.algorithm is "br", and it must be "gzip" or "zlib"',
  ],
  ["[R34] an interval of 0", { metrics_interval_s: 0 }, "metrics_interval_s is 0, and it must be a number of seconds above 0"],
  ["[R38] an interval of 0", { ping_interval_ms: 0 }, "ping_interval_ms is 0, and it must be a number of milliseconds above 0"],
  [
    "an origin that is a page",
    { origins: ["https://example.org/"] },
    'origins[0] is "https://example.org/", and it must be an origin, as https://example.org',
  ],
])("a server refuses %s", (_, options, sentence) => {
  expect(() => server(options)).toThrow(`Cannot create a WebSocket server: ${sentence}`);
});

test.each<[string, object, string]>([
  ["[R12] tls: false and wss", { url: "wss://x", tls: false }, 'url is "wss://x", and with tls: false its scheme must be ws'],
  ["[R12] tls that is a text", { tls: "yes" }, 'tls is "yes", and it must be true, false, or an object with cafile, domain, cert, key'],
  ["[R32] a certificate without a key", { tls: { cert: "c" } }, "tls.cert and tls.key go together, and one of them is missing"],
  ["[R31] SO_REUSEPORT", { socket_options: { SO_REUSEPORT: true } }, "socket_options.SO_REUSEPORT is for servers"],
  [
    "[R14] SO_REUSEADDR",
    { socket_options: { SO_REUSEADDR: true } },
    "socket_options.SO_REUSEADDR cannot be true: Node.js cannot set it on a client",
  ],
  ["[R13] a backlog", { backlog: 1 }, 'there is no option "backlog"; the options are '],
  ["port 0", { url: "ws://x:0" }, 'url is "ws://x:0", and port 0 cannot be connected to'],
  [
    "[R16] a retry without an interval",
    { reconnect: { retry: {} } },
    "reconnect.retry.interval_ms is undefined, and it must be a number of milliseconds from 0",
  ],
  [
    "[R16] a growth below 1",
    { reconnect: { retry: { interval_ms: 1, growth_rate: 0.5 } } },
    "reconnect.retry.growth_rate is 0.5, and it must be a number from 1 to 1000",
  ],
  ["[R16] another word", { reconnect: "never" }, 'reconnect is "never", and it must be "none", or an object with retry'],
])("a client refuses %s", (_, options, sentence) => {
  expect(() => client(options)).toThrow(`Cannot create a WebSocket client: ${sentence}`);
});

test.each<[Options, number]>([
  [{}, 128],
  [{ backlog: 7 }, 7],
])("[R13] a server given %j listens with a backlog of %i", async (options, backlog) => {
  const listen = vi.spyOn(Server.prototype, "listen");
  try {
    await using made = await serve(options);
    expect(made.connector.connectivity).toBe("connected");
    expect(listen.mock.calls[0]?.[0]).toMatchObject({ backlog, host: "127.0.0.1" });
  } finally {
    listen.mockRestore();
  }
});

test.each<[Options, boolean]>([
  [{}, true],
  [{ no_delay: false }, false],
  [{ socket_options: { TCP_NODELAY: false } }, false],
  [{ no_delay: true, socket_options: { TCP_NODELAY: true } }, true],
])("[R14, R15] sockets of a connector given %j are left with TCP_NODELAY %s", async (options, noDelay) => {
  const { Socket } = await import("node:net");
  const set = vi.spyOn(Socket.prototype, "setNoDelay");
  try {
    await using made = await serve(options);
    await using other = await connect(made.url, options);
    await other.connector.send({ data: 1 });
    await made.out.next();
    // Both ends' last word.
    const last = new Map(set.mock.contexts.map((socket, index) => [socket, set.mock.calls[index]?.[0] ?? true]));
    expect([...last.values()]).toEqual([noDelay, noDelay]);
  } finally {
    set.mockRestore();
  }
});

test("[R31] SO_REUSEPORT: two servers on one port where Node.js has it; elsewhere a TypeError says so", async () => {
  const options = { socket_options: { SO_REUSEPORT: true } };
  if (!canReusePort(process.versions.node)) {
    const sentence = `socket_options.SO_REUSEPORT cannot be set: this Node.js (${process.versions.node}) has no reusePort; 22.12 and 23.1 have`;
    expect(() => server(options)).toThrow(new TypeError(`Cannot create a WebSocket server: ${sentence}`));
    return;
  }
  await using one = await serve(options);
  await using two = await serve({ ...options, url: `127.0.0.1:${one.port}` });
  expect(two.port).toBe(one.port);
});

test.each<[string, boolean]>([
  ["20.19.0", false],
  ["22.11.0", false],
  ["22.12.0", true],
  ["23.0.0", false],
  ["23.1.0", true],
  ["26.0.0", true],
])("[R31] Node.js %s has reusePort: %s", (version, has) => {
  expect(canReusePort(version)).toBe(has);
});

test("[R39] a server whose port is taken rejects start(), and has failed", async () => {
  await using one = await serve();
  const two = websocketServer({ url: `127.0.0.1:${one.port}`, codec: "json" });
  const error = await rejection(two.start());
  expect(error).toMatchObject({
    code: "UNREACHABLE",
    message: `Cannot open the WebSocket server on "127.0.0.1:${one.port}": listen EADDRINUSE: address already in use 127.0.0.1:${one.port}`,
  });
  expect([two.state, two.connectivity]).toEqual(["failed", "disconnected"]);
  await two.stop();
  expect(two.state).toBe("stopped");
});

test("[R39] making a connector opens nothing, and before it is started it cannot be paused, resumed or drained", async () => {
  const made = websocketClient({ url: "127.0.0.1:1", codec: "json" });
  for (const what of ["pause", "resume", "drain"] as const) {
    expect(await rejection(made[what]())).toEqual(
      new TypeError(`Cannot ${what} the WebSocket client of "127.0.0.1:1": it was not started`),
    );
  }
  expect(made.state).toBe("initialized");
  await made.stop();
  expect(await rejection(made.start())).toMatchObject({ code: "CONNECTION_CLOSED" });
});
