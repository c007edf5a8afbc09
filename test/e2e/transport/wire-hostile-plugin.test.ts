import { expect, test } from "vitest";
import { defineContract, implement, isPluginError, method } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawPluginOver } from "../../transport/attackers.js";
import { TRANSPORTS } from "../../transport/ends.js";

gate();

/** Lines that are no message, each said instead of an answer, and what the host says of it. */
const NO_MESSAGES: readonly (readonly [row: string, line: string, problem: string])[] = [
  ["F45", '{"jsonrpc":"2.0","id":1', "it is not JSON"],
  ["F45", '{"jsonrpc":"2.0","id":2,"result":1}{"jsonrpc":"2.0","id":2,"result":1}', "it is not JSON"],
  ["F46", '{"jsonrpc":"1.0","id":2,"result":1}', 'its "jsonrpc" is not "2.0"'],
  ["F46", '{"id":2,"result":1}', 'its "jsonrpc" is not "2.0"'],
  ["F47", "null", "it is no object"],
  ["F47", '[{"jsonrpc":"2.0","id":2,"result":1}]', "it is an array, and batches are not taken"],
  ["F48", '{"jsonrpc":"2.0","id":2,"method":5}', "its method is no string"],
  ["F49", '{"jsonrpc":"2.0","id":[2],"result":1}', "its id is neither a whole number from 0 to 2^53-1 nor a string of up to 64 characters"],
  ["F51", '{"jsonrpc":"2.0","id":2,"result":1,"error":{"code":1,"message":""}}', "it has both a result and an error"],
  ["F51", '{"jsonrpc":"2.0","id":2,"result":null,"error":null}', "it has both a result and an error"],
  ["F51", '{"jsonrpc":"2.0","id":2}', "it is no request, notification or response"],
  ["F53", `{"jsonrpc":"2.0","id":2,"result":${"[".repeat(64)}${"]".repeat(64)}}`, "it is nested deeper than 64 levels"],
  ["F54", "[".repeat(1_000_000), "it is nested deeper than 64 levels"],
  ["F146", '{"jsonrpc":"2.0","id":2,"result":{"s":"\n"}}', "it is not JSON"],
];

for (const transport of TRANSPORTS) {
  for (const [row, line, problem] of NO_MESSAGES) {
    test(`[${row}] a plugin that answers ${line.slice(0, 60).replaceAll("\n", "⏎")} loses its connection, over ${transport}`, async () => {
      await using plugin = new RawPluginOver(transport);
      const { lines, peer, call } = await plugin.ready();
      const lost = rejection(call({}));
      const { id } = await lines.message();
      lines.text(line.replaceAll('"id":2', `"id":${id}`));
      const error = await lost;
      const sentence = `Closed the connection to plugin "raw-plugin": it sent a line that is no message: ${problem}`;
      expect(error.message).toBe(
        `Lost the answer to "raw.call": the connection to plugin "raw-plugin" is lost: ${sentence}; the call may have run`,
      );
      expect([isPluginError(error, "CONNECTION_LOST"), isPluginError(error.cause, "PROTOCOL_VIOLATION")]).toEqual([true, true]);
      const [answer] = (await lines.rest()) as [{ error: { message: string } }];
      expect(answer).toMatchObject({ jsonrpc: "2.0", id: null });
      expect(answer.error.message.endsWith(`: ${problem}`)).toBe(true);
      expect(await peer.closed).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION", message: sentence } });
      expect(plugin.logger.records).toContainEqual(expect.objectContaining({ level: "warn", message: sentence }));
    });
  }

  test(`[F50] answers that nobody waits for are ignored and counted, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport);
    const { lines, peer, call } = await plugin.ready();
    const answer = call({});
    const { id } = await lines.message();
    const result = (number: unknown): unknown => ({ jsonrpc: "2.0", id: number, result: "stray" });
    for (const stray of [id + 1, 10_000, String(id), Number.MAX_SAFE_INTEGER]) lines.send(result(stray));
    lines.send({ jsonrpc: "2.0", id: "x", error: { code: 1, message: "stray" } });
    lines.send({ jsonrpc: "2.0", id, result: "right" });
    lines.send({ jsonrpc: "2.0", id, result: "again" });
    expect(await answer).toBe("right");
    const next = call({});
    lines.send({ jsonrpc: "2.0", id: (await lines.message()).id, result: "fine" });
    expect(await next).toBe("fine");
    expect(peer.counters.orphanReplies).toBe(6);
  });

  test(`[F50] late answers to calls that were given up are dropped, and not counted, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport);
    const { lines, peer } = await plugin.ready();
    const abort = new AbortController();
    const cancelled = rejection(peer.call("raw.call", {}, { signal: abort.signal }));
    const timedOut = rejection(peer.call("raw.call", {}, { timeoutMs: 20 }));
    const ids = [await lines.message(), await lines.message()].map(({ id }) => id as number);
    abort.abort("enough");
    expect(await cancelled).toBe("enough");
    expect((await timedOut)["code"]).toBe("CALL_TIMEOUT");
    expect([await lines.message(), await lines.message()].map(({ params }) => params.id).sort()).toEqual(ids);
    for (const id of ids) lines.send({ jsonrpc: "2.0", id, result: "late" });
    lines.send({ jsonrpc: "2.0", id: ids[0], result: "and once more" });
    lines.send({ jsonrpc: "2.0", id: 5, method: "rpc.ping" });
    expect(await lines.message()).toEqual({ jsonrpc: "2.0", id: 5, result: "pong" });
    expect(peer.counters.orphanReplies).toBe(1);
    expect(peer.pending).toBe(0);
  });

  test(`[F51] an error of any form rejects once, with a whole number, a text and data of bounded size, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport);
    const { lines, call } = await plugin.ready();
    const forms: readonly (readonly [error: unknown, message: string | RegExp])[] = [
      ["text", /^text$|no known form/],
      [{}, "the answer was an error of no known form"],
      [[], "the answer was an error of no known form"],
      [true, "the answer was an error of no known form"],
      [{ code: "E", message: "m" }, "m"],
      [{ code: 1.5, message: "m" }, "m"],
      [{ code: 1, message: { toString: 1 } }, "the answer was an error of no known form"],
      [{ code: 1, message: "m".repeat(1_000_000) }, /^m{4000,4096}…?$/],
      [{ code: -32603, message: "m", data: "d".repeat(100_000) }, "m"],
      [{ code: -32603, message: "m", data: { name: 5, cause: { cause: { cause: { cause: { cause: { cause: {} } } } } } } }, "m"],
      [{ code: -32000, message: "m", data: { name: "__proto__", code: "constructor", stack: "s" } }, "m"],
    ];
    for (const [form, message] of forms) {
      const failed = rejection(call({}));
      const { id } = await lines.message();
      lines.send({ jsonrpc: "2.0", id, error: form });
      const error = await failed;
      expect(isPluginError(error, "REMOTE_ERROR"), JSON.stringify(form).slice(0, 80)).toBe(true);
      expect(error.message).toMatch(message);
      expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(4_096);
      expect(JSON.stringify(error["data"] ?? null).length).toBeLessThanOrEqual(65_536);
    }
  });

  test(`[F45] a plugin that could not read what was sent ends the connection with its own words, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport);
    const { lines, call } = await plugin.ready();
    const lost = rejection(call({}));
    await lines.message();
    lines.send({ jsonrpc: "2.0", id: null, error: { code: -32700, message: "Cannot parse the line: sorry" } });
    lines.socket.end();
    expect((await lost).message).toContain('plugin "raw-plugin" could not read what we sent: Cannot parse the line: sorry');
  });

  test(`[F48] a plugin reaches no prototype by the names it calls, over ${transport}`, async () => {
    const ui = defineContract("ui", { ask: method<unknown, string>() });
    await using plugin = new RawPluginOver(transport, { provides: [implement(ui, { ask: () => "yes" })] });
    const { lines } = await plugin.ready();
    for (const name of ["ui.constructor", "ui.__proto__", "ui.toString", "constructor", "__proto__", "then", "ui"]) {
      lines.send({ jsonrpc: "2.0", id: 7, method: name, params: {} });
      expect(await lines.message(), name).toMatchObject({ id: 7, error: { code: -32601 } });
    }
    lines.send({ jsonrpc: "2.0", id: 8, method: "ui.ask", params: {} });
    expect(await lines.message()).toMatchObject({ id: 8, result: "yes" });
  });

  test(`[F62] a connection that ends in mid-line rejects what waits, and the partial answer is not read, over ${transport}`, async () => {
    await using plugin = new RawPluginOver(transport);
    const { lines, call } = await plugin.ready();
    const lost = [rejection(call(1)), rejection(call(2))];
    const answer = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: (await lines.message()).id, result: 1 }));
    // A frame of 100 bytes that stops short, or a line without its end.
    lines.socket.end(transport === "websocket" ? Buffer.concat([Buffer.from([0x81, 100]), answer]) : answer);
    for (const error of await Promise.all(lost)) expect(error["code"]).toBe("CONNECTION_LOST");
  });
}
