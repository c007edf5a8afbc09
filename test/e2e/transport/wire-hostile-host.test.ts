import { expect, test } from "vitest";
import { defineContract, implement, method, notification } from "../../../src/index.js";
import { gate } from "../../kit/gate.js";
import { RawHostOver } from "../../transport/attackers.js";
import { TRANSPORTS } from "../../transport/ends.js";

gate();

const echo = defineContract("echo", { echo: method<unknown, unknown>(), never: method(), note: notification<unknown>() });

/** What ran, and the implementation that notes it. */
function recording(): { ran: unknown[]; provides: ReturnType<typeof implement>[] } {
  const ran: unknown[] = [];
  const handlers = {
    echo: (value: unknown) => {
      ran.push(value);
      return value;
    },
    never: () => new Promise<void>(() => {}),
    note: (value: unknown) => void ran.push(value),
  };
  return { ran, provides: [implement(echo, handlers as never)] };
}

const call = (id: unknown, methodName: string, params?: unknown): string =>
  JSON.stringify({ jsonrpc: "2.0", id, method: methodName, params });

/** Lines that are no message, and the code of the answer to a proven peer. */
const NO_MESSAGES: readonly (readonly [row: string, what: string, line: string | Uint8Array, code: number])[] = [
  ["F45", "malformed JSON", '{"jsonrpc":"2.0","id":2,"method":', -32700],
  ["F45", "two objects on a line", `${call(2, "echo.echo", [1])}${call(3, "echo.echo", [1])}`, -32700],
  ["F45", "an empty line", "", -32700],
  ["F58", "a line of HTTP", "POST / HTTP/1.1\r", -32700],
  ["F46", 'a request with "jsonrpc" 1.0', '{"jsonrpc":"1.0","id":2,"method":"echo.echo"}', -32600],
  ["F46", 'a request without "jsonrpc"', '{"id":2,"method":"echo.echo"}', -32600],
  ["F46", 'a response with "jsonrpc" 1.0', '{"jsonrpc":"1.0","id":2,"result":1}', -32600],
  ["F47", "null", "null", -32600],
  ["F47", "0", "0", -32600],
  ["F47", "a text", '"x"', -32600],
  ["F47", "an empty array", "[]", -32600],
  ["F47", "an array of null", "[null]", -32600],
  ["F47", "a batch", `[${call(2, "echo.echo", [1])}]`, -32600],
  ["F48", "a method that is a number", call(2, 5 as never), -32600],
  ["F48", "a method that is null", call(2, null as never), -32600],
  ["F48", "a method that is an object", call(2, {} as never), -32600],
  ["F49", "an id that is an object", call({}, "echo.echo"), -32600],
  ["F49", "an id that is an array", call([], "echo.echo"), -32600],
  ["F49", "an id that is true", call(true, "echo.echo"), -32600],
  ["F49", "an id that is null", call(null, "echo.echo"), -32600],
  ["F49", "an id of 1e400", '{"jsonrpc":"2.0","id":1e400,"method":"echo.echo"}', -32600],
  ["F49", "an id of 2^53+1", '{"jsonrpc":"2.0","id":9007199254740993,"method":"echo.echo"}', -32600],
  ["F49", "an id of 1.5", call(1.5, "echo.echo"), -32600],
  ["F49", "an id below 0", call(-1, "echo.echo"), -32600],
  ["F49", "an id of 10,000 characters", call("x".repeat(10_000), "echo.echo"), -32600],
  ["F51", "a response with a result and an error", '{"jsonrpc":"2.0","id":2,"result":1,"error":{"code":1,"message":""}}', -32600],
  ["F51", "a response with neither", '{"jsonrpc":"2.0","id":2}', -32600],
  ["F53", "10,000 levels", `{"jsonrpc":"2.0","id":2,"method":"echo.echo","params":${"[".repeat(10_000)}${"]".repeat(10_000)}}`, -32600],
  ["F53", "1,000,000 levels", "[".repeat(1_000_000), -32600],
  ["F146", "lines that parse only when joined", '{"jsonrpc":"2.0","id":2,"method":"echo.echo","params":{"s":"\n"}}', -32700],
];

for (const transport of TRANSPORTS) {
  test(`[F45, F46, F47, F48, F49, F51, F53, F58, F146] lines that are no message close the connection, over ${transport}`, async () => {
    const { ran, provides } = recording();
    await using host = await RawHostOver.serve(transport, provides);
    const witness = await host.ready();
    for (const [row, what, line, code] of NO_MESSAGES) {
      const lines = await host.ready();
      lines.text(line);
      // What comes after it, in the same chunk or in another, is not read.
      lines.text(call(9, "echo.echo", ["after"]));
      const rest = await lines.rest();
      expect(rest, `[${row}] ${what}`).toHaveLength(1);
      expect(rest[0], `[${row}] ${what}`).toMatchObject({ jsonrpc: "2.0", id: null, error: { code } });
    }
    expect(ran).toEqual([]);
    witness.text(call(2, "echo.echo", ["still here"]));
    expect(await witness.message()).toEqual({ jsonrpc: "2.0", id: 2, result: "still here" });
  });

  test(`[F146] what comes before the first line that is no message is run and answered, over ${transport}`, async () => {
    const { ran, provides } = recording();
    await using host = await RawHostOver.serve(transport, provides);
    const lines = await host.ready();
    lines.text([call(2, "echo.echo", ["before"]), '{"s":"', '"}', call(3, "echo.echo", ["after"])].join("\n"));
    expect(await lines.rest()).toMatchObject([
      { id: 2, result: "before" },
      { id: null, error: { code: -32700 } },
    ]);
    expect(ran).toEqual(["before"]);
  });

  test(`[F48] a name that nobody provides is answered, and the connection lives, over ${transport}`, async () => {
    const { provides } = recording();
    await using host = await RawHostOver.serve(transport, provides);
    const lines = await host.ready();
    let id = 2;
    for (const name of [
      "constructor",
      "__proto__",
      "toString",
      "then",
      "hasOwnProperty",
      "echo",
      "echo.constructor",
      "echo.__proto__",
      "rpc.constructor",
      "rpc.nothing",
    ]) {
      lines.text(call(id, name, [1]));
      const { error, ...rest } = await lines.message();
      expect([rest, error.code], name).toEqual([{ jsonrpc: "2.0", id: id++ }, -32601]);
    }
    for (const name of ["", "a b", "ü", 'a"b', "x".repeat(129), "a\nb"]) {
      lines.text(call(id, name));
      expect(await lines.message(), name).toMatchObject({ id: id++, error: { code: -32600 } });
    }
    // Notifications of such names, and answers that nobody waits for, are ignored.
    lines.text('{"jsonrpc":"2.0","method":"constructor"}\n{"jsonrpc":"2.0","method":"a b"}\n{"jsonrpc":"2.0","method":"rpc.nothing"}');
    lines.text('{"jsonrpc":"2.0","id":77,"result":1}\n{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"no"}}');
    lines.text(call(id, "rpc.ping"));
    expect(await lines.message()).toEqual({ jsonrpc: "2.0", id, result: "pong" });
  });

  test(`[F49] ids 0, 2^53-1 and texts come back as they were, and one that still runs closes, over ${transport}`, async () => {
    const { provides } = recording();
    await using host = await RawHostOver.serve(transport, provides);
    const lines = await host.ready();
    for (const id of [0, Number.MAX_SAFE_INTEGER, "", "0", "x".repeat(64), "ü\n"]) {
      lines.text(call(id, "echo.echo", [id]));
      expect(await lines.message()).toEqual({ jsonrpc: "2.0", id, result: id });
    }
    lines.text(`${call(5, "echo.never")}\n${call(5, "echo.echo", [1])}`);
    const message = "Cannot take the line as a message: its id 5 belongs to a request that still runs";
    expect(await lines.rest()).toEqual([{ jsonrpc: "2.0", id: null, error: { code: -32600, message } }]);
  });

  test(`[F52] __proto__ and constructor in params are delivered as data and reach no prototype, over ${transport}`, async () => {
    const { ran, provides } = recording();
    await using host = await RawHostOver.serve(transport, provides);
    const lines = await host.ready();
    const params = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    lines.text(`{"jsonrpc":"2.0","id":2,"method":"echo.echo","params":${params}}`);
    expect(JSON.stringify((await lines.message()).result)).toBe(params);
    expect(Object.keys(ran[0] as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test(`params come as an object, an array of one, or not at all; two values do not fit, over ${transport}`, async () => {
    const { provides } = recording();
    await using host = await RawHostOver.serve(transport, provides);
    const lines = await host.ready();
    lines.text(
      [call(2, "echo.echo", { a: 1 }), call(3, "echo.echo", [[1]]), call(4, "echo.echo"), call(5, "echo.echo", [1, 2])].join("\n"),
    );
    expect([await lines.message(), await lines.message(), await lines.message()].map(({ result }) => result)).toEqual([
      { a: 1 },
      [1],
      null,
    ]);
    expect((await lines.message()).error.code).toBe(-32602);
  });
}

for (const transport of ["tcp", "unix"] as const) {
  test(`[F56] a line that is not UTF-8 closes, and what came before it is answered, over ${transport}`, async () => {
    const { ran, provides } = recording();
    await using host = await RawHostOver.serve(transport, provides);
    const lines = await host.ready();
    const bad = Buffer.from(call(3, "echo.echo", ["\u00ff"]), "latin1");
    lines.text(Buffer.concat([Buffer.from(`${call(2, "echo.echo", ["ü"])}\n`), bad, Buffer.from("\n")]));
    expect(await lines.rest()).toMatchObject([
      { id: 2, result: "ü" },
      { id: null, error: { code: -32600 } },
    ]);
    expect(ran).toEqual(["ü"]);
  });
}
