import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { expect, test } from "vitest";
import { dial } from "../../src/transport/dial.js";
import type { WebSocketRequest } from "../../src/transport/dial-websocket.js";
import { gate } from "../kit/gate.js";
import { limitsOf } from "../kit/options.js";
import { Door, Ear } from "./ends.js";
import { BINARY, CLOSE, frameBytes, RawWebSocket } from "./raw-websocket.js";

gate();
const DEFLATE = { "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits" };

interface Attacked extends AsyncDisposable {
  /** Our end, and whoever attacks it. */
  readonly ear: Ear;
  readonly raw: RawWebSocket;
}

/** Our listener, attacked by a client. */
async function listening(headers: Readonly<Record<string, string>> = {}): Promise<Attacked> {
  const door = await Door.open("websocket");
  const raw = await RawWebSocket.connect(door.target, headers);
  const ear = new Ear(await door.channel());
  ear.channel.allow?.(1024 * 1024);
  const dispose = async (): Promise<void> => {
    raw.destroy();
    await ear.closed;
    await door[Symbol.asyncDispose]();
  };
  return { ear, raw, [Symbol.asyncDispose]: dispose };
}

/** A server that accepts one connection, and our client that dialled it. */
async function dialling(
  answerHeaders = "",
  webSocket: WebSocketRequest = {},
  isRefused = answerHeaders !== "",
): Promise<Attacked & { readonly dialled: Promise<unknown> }> {
  const server: Server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const limits = limitsOf({ maxMessageBytes: 1024 * 1024 });
  const dialled = dial({ network: "tcp", host: "127.0.0.1", port }, "jsonrpc+ws", {
    limits,
    webSocket,
    signal: new AbortController().signal,
  });
  dialled.catch(() => {});
  const [socket] = (await once(server, "connection")) as [Socket];
  const raw = await RawWebSocket.accept(socket, answerHeaders);
  const ear = isRefused ? (undefined as never) : new Ear(await dialled);
  ear?.channel.allow?.(1024 * 1024);
  const dispose = async (): Promise<void> => {
    raw.destroy();
    await ear?.closed;
    await new Promise((resolve) => server.close(resolve));
  };
  return { ear, raw, dialled, [Symbol.asyncDispose]: dispose };
}

for (const [who, attack, mask] of [
  ["our listener", listening, true],
  ["our client", dialling, false],
] as const) {
  test(`[F56] a binary frame closes 1003, and it is not read, by ${who}`, async () => {
    await using end = await attack();
    end.raw.bytes(frameBytes("{}", { opcode: BINARY, mask }));
    end.raw.text("after");
    await end.raw.line();
    expect([end.raw.closeCode, end.raw.closeReason]).toEqual([1003, "it came in a binary frame"]);
    end.raw.destroy();
    await end.ear.closed;
    expect(end.ear.problems).toEqual(["it came in a binary frame"]);
    expect(end.ear.texts).toEqual([]);
  });

  for (const [what, bytes, code] of [
    ["a reserved opcode", frameBytes("x", { opcode: 3, mask }), 1002],
    ["a reserved bit", frameBytes("x", { rsv: 4, mask }), 1002],
    ["a frame with the wrong masking", frameBytes("x", { mask: !mask }), 1002],
    ["a continuation of nothing", frameBytes("x", { opcode: 0, mask }), 1002],
    ["a fragmented ping", frameBytes("x", { opcode: 9, fin: false, mask }), 1002],
    ["a close frame of one byte", frameBytes("x", { opcode: CLOSE, mask }), 1002],
    ["a length of 2^40", frameBytes("x", { announced: 2n ** 40n, mask }), 1009],
    ["a length of 2^63", frameBytes("x", { announced: 2n ** 63n, mask }), 1009],
    ["a text that is not UTF-8", frameBytes(Uint8Array.of(0xc3, 0x28), { mask }), 1007],
  ] as const) {
    test(`[F63] ${what} closes ${code}, and that connection alone is lost, by ${who}`, async () => {
      await using end = await attack();
      end.raw.text("before");
      end.raw.bytes(bytes);
      end.raw.text("after");
      await end.raw.line();
      expect(end.raw.closeCode).toBe(code);
      end.raw.destroy();
      await end.ear.closed;
      expect(end.ear.texts).toEqual(["before"]);
      expect(end.ear.problems).toHaveLength(1);
    });
  }

  test(`[F63] tiny fragments without end are refused, by ${who}`, async () => {
    await using end = await attack();
    end.raw.bytes(frameBytes("x", { fin: false, mask }));
    const fragment = frameBytes("", { opcode: 0, fin: false, mask });
    end.raw.bytes(Buffer.concat(new Array(20_000).fill(fragment)));
    await end.raw.line();
    expect(end.raw.closeCode).toBe(1008);
    end.raw.destroy();
    await end.ear.closed;
    expect(end.ear.texts).toEqual([]);
  });

  test(`[F62] a connection that ends in mid-frame is lost, and the partial frame is not read, by ${who}`, async () => {
    await using end = await attack();
    end.raw.bytes(frameBytes("{}x", { mask }).subarray(0, -1));
    end.raw.socket.end();
    const { error } = await end.ear.closed;
    expect([error?.code, error?.message]).toEqual(["CONNECTION_LOST", "the connection broke without a close frame"]);
    expect(end.ear.texts).toEqual([]);
  });

  test(`[F54] a frame at the limit is taken with its newline, and a line beyond it closes 1009, by ${who}`, async () => {
    await using end = await attack();
    end.raw.text(`${"x".repeat(1024 * 1024)}\n`);
    expect((await end.ear.line()).length).toBe(1024 * 1024);
    end.raw.text("x".repeat(1024 * 1024 + 1));
    await end.raw.line();
    expect([end.raw.closeCode, end.raw.closeReason]).toEqual([1009, "it is longer than 1048576 bytes"]);
  });

  test(`one text frame may hold many lines, the last with or without its newline, and come in fragments, to ${who}`, async () => {
    await using end = await attack();
    end.raw.text("a\nb");
    end.raw.text("c\n");
    const split = Buffer.from("d\ne😀");
    end.raw.bytes(frameBytes(split.subarray(0, 5), { fin: false, mask }));
    end.raw.bytes(frameBytes(split.subarray(5), { opcode: 0, mask }));
    for (const line of ["a", "b", "c", "d", "e😀"]) expect(await end.ear.line()).toBe(line);
  });

  test(`a ping is answered, also while a long message leaves in parts, by ${who}`, async () => {
    await using end = await attack();
    end.ear.channel.send("x".repeat(600 * 1024));
    end.raw.bytes(frameBytes("hey", { opcode: 9, mask }));
    let text = 0;
    let pong = "";
    while (text < 600 * 1024 || pong === "") {
      const frame = await end.raw.frame();
      if (frame?.opcode === 10) pong = frame.payload.toString();
      else text += frame?.payload.length ?? 0;
    }
    expect([text, pong]).toEqual([600 * 1024, "hey"]);
  });

  test(`the code that the other side closes with is told, and that there was none, or no close frame, by ${who}`, async () => {
    for (const [bytes, code] of [
      [Uint8Array.of(0x03, 0xf5), 1013],
      [Uint8Array.of(0x0f, 0xa0, ...Buffer.from("of its own")), 4000],
      [new Uint8Array(0), 1005],
    ] as const) {
      await using end = await attack();
      end.raw.bytes(frameBytes(bytes, { opcode: CLOSE, mask }));
      expect(await end.ear.closed).toEqual({ error: undefined, unwritten: 0, code });
    }
    await using end = await attack();
    end.raw.destroy();
    expect(await end.ear.closed).toMatchObject({ error: { code: "CONNECTION_LOST" }, code: 1006 });
  });

  test(`no code is told where this side closed, though the other echoes one, by ${who}`, async () => {
    await using end = await attack();
    end.ear.channel.close(1001, "going");
    await end.raw.line();
    end.raw.bytes(frameBytes(Uint8Array.of(0x03, 0xe8), { opcode: CLOSE, mask }));
    expect([end.raw.closeCode, (await end.ear.closed).code]).toEqual([1001, undefined]);
  });

  test(`a close reason that is too long is cut at a character, by ${who}`, async () => {
    await using end = await attack();
    end.ear.channel.close(1008, `x${"ü".repeat(100)}`);
    await end.raw.line();
    expect([end.raw.closeCode, end.raw.closeReason]).toEqual([1008, `x${"ü".repeat(61)}`]);
  });
}

test("[F64] permessage-deflate is not negotiated though it is offered, and a compressed frame closes 1002", async () => {
  await using end = await listening(DEFLATE);
  expect(end.raw.head).toMatch(/^HTTP\/1\.1 101 /);
  expect(end.raw.head).not.toMatch(/extensions/i);
  end.raw.bytes(frameBytes(Uint8Array.of(0xaa, 0x56, 0x00), { rsv: 4 }));
  await end.raw.line();
  expect(end.raw.closeCode).toBe(1002);
});

test("[F64] our client offers no extension, and refuses a server that answers with one", async () => {
  await using fine = await dialling();
  expect(fine.raw.head).toMatch(/^upgrade: websocket/im);
  expect(fine.raw.head).not.toMatch(/extensions/i);
  await using bad = await dialling("Sec-WebSocket-Extensions: permessage-deflate\r\n");
  await expect(bad.dialled).rejects.toThrow("Server sent a Sec-WebSocket-Extensions header but no extension was requested");
});

/** The bytes by which our client says "as it is". */
async function maskedBytes(mask: "zeros" | "random" | undefined): Promise<Buffer> {
  await using end = await dialling("", { mask });
  const chunks: Buffer[] = [];
  end.raw.socket.on("data", (chunk) => chunks.push(chunk));
  end.ear.channel.send("as it is");
  expect(await end.raw.line()).toBe("as it is");
  return Buffer.concat(chunks);
}

test("our client masks with zeros where it is told so, as the RFC has the form of it: what a long message holds is touched at neither end", async () => {
  // A text frame of eight bytes, masked: the last newline is spared.
  expect(await maskedBytes("zeros")).toEqual(Buffer.concat([Uint8Array.of(0x81, 0x88, 0, 0, 0, 0), Buffer.from("as it is")]));
});

test("our client masks each frame anew where it is not told otherwise", async () => {
  const masks = new Set<string>();
  for (const mask of ["random", undefined] as const) {
    const bytes = await maskedBytes(mask);
    expect([...bytes.subarray(0, 2)]).toEqual([0x81, 0x88]);
    masks.add(bytes.subarray(2, 6).toString("hex"));
  }
  expect([masks.size, masks.has("00000000")]).toEqual([2, false]);
});

test("our client asks for the path, with the headers and the subprotocols, that it is told, and for localhost by default", async () => {
  await using plain = await dialling();
  expect(plain.raw.head).toMatch(/^GET \/ HTTP\/1\.1\r\n/);
  expect(plain.raw.head).toMatch(/^host: localhost\r$/im);
  expect(plain.raw.head).not.toMatch(/^(origin|sec-websocket-protocol):/im);
  const more = { host: "example.org:8080", path: "/plugins?x=1", headers: { authorization: "Bearer t" }, protocols: ["a", "b"] };
  await using told = await dialling("Sec-WebSocket-Protocol: b\r\n", more, false);
  expect(told.raw.head).toMatch(/^GET \/plugins\?x=1 HTTP\/1\.1\r\n/);
  for (const header of [/^host: example\.org:8080\r$/im, /^authorization: Bearer t\r$/im, /^sec-websocket-protocol: a,b\r$/im]) {
    expect(told.raw.head).toMatch(header);
  }
});
