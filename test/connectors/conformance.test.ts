import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gate } from "../kit/gate.js";
import { BINARY, CLOSE, type Frame, frameBytes, RawWebSocket, TEXT } from "../transport/raw-websocket.js";
import { client, serve, type Tried } from "./kit.js";

// Cases of the Autobahn test suite, by their numbers: those that a user of a WebSocket can notice. The suite itself runs on Python 2 alone, which systems do not have any more.

const CONTINUATION = 0;
const PING = 9;
const PONG = 10;
const HELLO = "Hello-µ@ßöäüàá-UTF-8!!";

interface Part {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  readonly fin?: boolean;
  readonly rsv?: number;
}

interface Case {
  readonly id: string;
  readonly what: string;
  readonly send: readonly Part[];
  /** What comes back, an echo: kinds and payloads; then the close code, where the connection ends by itself. */
  readonly back: readonly (readonly [opcode: number, payload: string | Uint8Array])[];
  readonly closes?: number;
  /** Sent once all of that has come back. */
  readonly after?: readonly Part[];
}

const text = (payload: string | Uint8Array, more: Partial<Part> = {}): Part => ({ opcode: TEXT, payload, ...more });
const binary = (payload: Uint8Array): Part => ({ opcode: BINARY, payload });
const next = (payload: string | Uint8Array, fin = true): Part => ({ opcode: CONTINUATION, payload, fin });
const ping = (payload: string | Uint8Array = ""): Part => ({ opcode: PING, payload });
const closing = (code?: number, reason: string | Uint8Array = ""): Part => ({
  opcode: CLOSE,
  payload: code === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]),
});
const VALID = Buffer.from("κόσμε");
const INVALID = [
  "80",
  "bf",
  "c0af",
  "e080af",
  "f08080af",
  "f8808080af",
  "c1bf",
  "e09fbf",
  "f08fbfbf",
  "eda080",
  "edbfbf",
  "f4908080",
  "fe",
  "ff",
  "c0",
  "e0",
  "cebae1bdb9cf83cebcceb5eda080656469746564",
].map((hex) => Buffer.from(hex, "hex"));
const EDGES = ["00", "c280", "e0a080", "f0908080", "7f", "dfbf", "efbfbf", "f48fbfbf", "ed9fbf", "ee8080", "efbfbd", "efbfbe"].map((hex) =>
  Buffer.from(hex, "hex"),
);
const VIOLATES = 1002;
const NO_UTF8 = 1007;

const CASES: readonly Case[] = [
  ...[0, 125, 126, 127, 128, 65_535, 65_536].flatMap((length, index) => [
    {
      id: `1.1.${index + 1}`,
      what: `a text of ${length} bytes`,
      send: [text("*".repeat(length))],
      back: [[TEXT, "*".repeat(length)] as const],
    },
    {
      id: `1.2.${index + 1}`,
      what: `${length} bytes`,
      send: [binary(Buffer.alloc(length, 0xfe))],
      back: [[BINARY, Buffer.alloc(length, 0xfe)] as const],
    },
  ]),
  { id: "2.1", what: "an empty ping", send: [ping()], back: [[PONG, ""]] },
  {
    id: "2.3",
    what: "a ping with bytes that are no UTF-8",
    send: [ping(Buffer.from("00fffefdfcfb00ff", "hex"))],
    back: [[PONG, Buffer.from("00fffefdfcfb00ff", "hex")]],
  },
  { id: "2.4", what: "a ping of 125 bytes", send: [ping("*".repeat(125))], back: [[PONG, "*".repeat(125)]] },
  { id: "2.5", what: "a ping of 126 bytes", send: [ping("*".repeat(126))], back: [], closes: VIOLATES },
  { id: "2.7", what: "a pong that nobody asked for", send: [{ opcode: PONG }, text("x")], back: [[TEXT, "x"]] },
  {
    id: "2.10",
    what: "ten pings at once",
    send: Array.from({ length: 10 }, (_, index) => ping(`${index}`)),
    back: Array.from({ length: 10 }, (_, index) => [PONG, `${index}`] as const),
  },
  ...[1, 4, 7].map((rsv) => ({ id: `3.${rsv}`, what: `reserved bits ${rsv}`, send: [text("x", { rsv })], back: [], closes: VIOLATES })),
  ...[3, 7, 11, 15].map((opcode) => ({
    id: `4.${opcode}`,
    what: `the reserved kind ${opcode}`,
    send: [{ opcode, payload: "x" }],
    back: [],
    closes: VIOLATES,
  })),
  { id: "5.1", what: "a ping in two fragments", send: [{ opcode: PING, payload: "a", fin: false }, next("b")], back: [], closes: VIOLATES },
  { id: "5.3", what: "a text in two fragments", send: [text("a", { fin: false }), next("b")], back: [[TEXT, "ab"]] },
  {
    id: "5.6",
    what: "a ping between two fragments",
    send: [text("a", { fin: false }), ping("p"), next("b")],
    back: [
      [PONG, "p"],
      [TEXT, "ab"],
    ],
  },
  { id: "5.9", what: "a continuation of nothing", send: [next("a"), text("b")], back: [], closes: VIOLATES },
  { id: "5.12", what: "a continuation of nothing that goes on", send: [next("a", false), text("b")], back: [], closes: VIOLATES },
  {
    id: "5.15",
    what: "a continuation after the end",
    send: [text("a", { fin: false }), next("b"), next("c", false), text("d")],
    back: [],
    closes: VIOLATES,
  },
  { id: "5.18", what: "two beginnings", send: [text("a", { fin: false }), text("b")], back: [], closes: VIOLATES },
  {
    id: "5.19",
    what: "five fragments with pings between them",
    send: [text("1", { fin: false }), next("2", false), ping("p"), next("3", false), next("4", false), ping("q"), next("5")],
    back: [
      [PONG, "p"],
      [PONG, "q"],
      [TEXT, "12345"],
    ],
  },
  { id: "6.1", what: "empty fragments", send: [text("", { fin: false }), next("", false), next("")], back: [[TEXT, ""]] },
  { id: "6.2.1", what: "a text beyond ASCII", send: [text(HELLO)], back: [[TEXT, HELLO]] },
  { id: "6.2.4", what: "a text whose characters are cut at every byte", send: cutEvery(VALID), back: [[TEXT, VALID]] },
  {
    id: "6.4",
    what: "bytes that are no UTF-8 in a later fragment",
    send: [text(VALID, { fin: false }), next(Buffer.from("f4908080", "hex"))],
    back: [],
    closes: NO_UTF8,
  },
  ...INVALID.map((bytes, index) => ({
    id: `6.6-6.21, ${index}`,
    what: `${bytes.toString("hex")}, which is no UTF-8`,
    send: [text(bytes)],
    back: [],
    closes: NO_UTF8,
  })),
  ...EDGES.map((bytes, index) => ({
    id: `6.7-6.23, ${index}`,
    what: `${bytes.toString("hex")}, which is UTF-8`,
    send: [text(bytes)],
    back: [[TEXT, bytes] as const],
  })),
  { id: "7.1.1", what: "a close after a text", send: [text("x")], back: [[TEXT, "x"]], after: [closing(1000)], closes: 1000 },
  { id: "7.1.2", what: "two closes", send: [closing(1000), closing(1000)], back: [], closes: 1000 },
  { id: "7.1.3", what: "a ping after the close", send: [closing(1000), ping()], back: [], closes: 1000 },
  { id: "7.1.4", what: "a text after the close", send: [closing(1000), text("x")], back: [], closes: 1000 },
  {
    id: "7.1.5",
    what: "a fragment, a close, and its continuation",
    send: [text("a", { fin: false }), closing(1000), next("b")],
    back: [],
    closes: 1000,
  },
  { id: "7.3.1", what: "a close without a code", send: [closing()], back: [], closes: 1005 },
  { id: "7.3.2", what: "a close of one byte", send: [{ opcode: CLOSE, payload: "x" }], back: [], closes: VIOLATES },
  { id: "7.3.5", what: "a close with the longest reason", send: [closing(1000, "*".repeat(123))], back: [], closes: 1000 },
  { id: "7.3.6", what: "a close with a longer one", send: [closing(1000, "*".repeat(124))], back: [], closes: VIOLATES },
  { id: "7.5.1", what: "a close whose reason is no UTF-8", send: [closing(1000, Buffer.from("ff", "hex"))], back: [], closes: NO_UTF8 },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map((code) => ({
    id: `7.7, ${code}`,
    what: `a close with ${code}`,
    send: [closing(code)],
    back: [],
    closes: code,
  })),
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => ({
    id: `7.9, ${code}`,
    what: `a close with ${code}, which is none`,
    send: [closing(code)],
    back: [],
    closes: VIOLATES,
  })),
  { id: "9.1", what: "a text of 1 MiB", send: [text("*".repeat(1_048_576))], back: [[TEXT, "*".repeat(1_048_576)]] },
  {
    id: "9.4",
    what: "1 MiB in fragments of 64 KiB",
    send: fragments(Buffer.alloc(1_048_576, 7), 65_536),
    back: [[BINARY, Buffer.alloc(1_048_576, 7)]],
  },
  { id: "limit", what: "a message beyond max_message_bytes", send: [binary(Buffer.alloc(2_000_001))], back: [], closes: 1009 },
  {
    id: "limit, fragments",
    what: "fragments that are together beyond max_message_bytes",
    send: fragments(Buffer.alloc(2_000_001), 500_000),
    back: [],
    closes: 1009,
  },
];

function cutEvery(bytes: Uint8Array): Part[] {
  return Array.from(bytes, (byte, index) => ({
    opcode: index === 0 ? TEXT : CONTINUATION,
    payload: Buffer.from([byte]),
    fin: index === bytes.length - 1,
  }));
}

function fragments(bytes: Buffer, length: number): Part[] {
  const count = Math.ceil(bytes.length / length);
  return Array.from({ length: count }, (_, index) => ({
    opcode: index === 0 ? BINARY : CONTINUATION,
    payload: bytes.subarray(index * length, (index + 1) * length),
    fin: index === count - 1,
  }));
}

const bytesOf = ({ opcode, payload = "", fin = true, rsv = 0 }: Part, mask: boolean): Buffer =>
  frameBytes(payload, { opcode, fin, rsv, mask });

/** What came back, pongs to our own pings left out: short payloads as text or hex. */
async function answer(raw: RawWebSocket, count: number, untilClose: boolean): Promise<[number, string][]> {
  const frames: [number, string][] = [];
  while (untilClose || frames.length < count) {
    const frame: Frame | undefined = await raw.frame();
    if (frame === undefined || frame.opcode === CLOSE) break;
    // Theirs, by which they ask what we have got.
    if (frame.opcode === PING) raw.bytes(frameBytes(frame.payload, { opcode: PONG, mask: raw.head.startsWith("HTTP") }));
    else frames.push([frame.opcode, frame.payload.toString("latin1")]);
  }
  return frames;
}

async function check({ send, back, closes, after = [] }: Case, raw: RawWebSocket, masks: boolean): Promise<void> {
  raw.bytes(Buffer.concat(send.map((part) => bytesOf(part, masks))));
  const got = await answer(raw, back.length, closes !== undefined && after.length === 0);
  for (const part of after) raw.bytes(bytesOf(part, masks));
  if (after.length > 0) got.push(...(await answer(raw, 0, true)));
  expect(got).toEqual(back.map(([opcode, payload]) => [opcode, Buffer.from(payload).toString("latin1")]));
  if (closes !== undefined) expect(raw.closeCode).toBe(closes);
  raw.destroy();
  await raw.closed;
}

/** Sends back whatever comes. */
function echo({ connector }: Tried): void {
  void (async () => {
    for await (const event of connector.out) connector.send(event).catch(() => {});
  })();
}

const plain = { codec: "binary", preprocessors: [], postprocessors: [], max_message_bytes: 2_000_000 };
let server: Awaited<ReturnType<typeof serve>>;
let far: Server;
let accepted: (socket: Socket) => void = () => {};
beforeAll(async () => {
  server = await serve(plain);
  echo(server);
  far = createServer((socket) => accepted(socket));
  far.listen(0, "127.0.0.1");
  await once(far, "listening");
});
afterAll(async () => {
  await server.connector.stop();
  await new Promise((resolve) => far.close(resolve));
});
gate();

for (const each of CASES) {
  test(`[R28] a server does what case ${each.id} wants: ${each.what}`, async () => {
    const raw = await RawWebSocket.connect({ host: "127.0.0.1", port: server.port });
    await check(each, raw, true);
    await expect.poll(() => server.connector.metrics.streams).toBe(0);
  });

  test(`[R28] a client does what case ${each.id} wants: ${each.what}`, async () => {
    const arrival = new Promise<Socket>((resolve) => (accepted = resolve));
    await using made = client(`ws://127.0.0.1:${(far.address() as AddressInfo).port}`, { ...plain, reconnect: "none" });
    const started = made.connector.start();
    const raw = await RawWebSocket.accept(await arrival);
    await started;
    echo(made);
    await check(each, raw, false);
  });
}

test("[R28] case 5.20: a frame whose bytes come one by one is read", async () => {
  const raw = await RawWebSocket.connect({ host: "127.0.0.1", port: server.port });
  for (const byte of bytesOf(text(HELLO), true)) {
    raw.bytes(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await raw.frame())?.payload.toString()).toBe(HELLO);
  raw.destroy();
  await raw.closed;
  await expect.poll(() => server.connector.metrics.streams).toBe(0);
});

test("[R18, R28] what breaks the protocol comes on err, once, as a sentence", async () => {
  await using made = await serve({ max_message_bytes: 10 });
  for (const part of [text(Buffer.from([0xff])), text("*".repeat(11))]) {
    const raw = await RawWebSocket.connect({ host: "127.0.0.1", port: made.port });
    raw.bytes(bytesOf(part, true));
    await raw.frame();
    raw.destroy();
    await raw.closed;
  }
  const errors = [await made.err.next(), await made.err.next()].map(({ data }) => [data.code, data.message.replace(/:\d+:/, ":")]);
  expect(errors).toEqual([
    [
      "PROTOCOL_VIOLATION",
      "Closed the connection to 127.0.0.1: it broke the WebSocket protocol (Invalid WebSocket frame: invalid UTF-8 sequence)",
    ],
    ["LIMIT_EXCEEDED", "Closed the connection to 127.0.0.1: it sent a message that is longer than max_message_bytes"],
  ]);
});
