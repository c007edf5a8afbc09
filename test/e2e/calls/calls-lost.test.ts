import { expect, test } from "vitest";
import { defineContract, method } from "../../../src/index.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";
import { outcome } from "../../kit/script-channel.js";

gate();
const calls = defineContract("calls", { hold: method<number, number>(), never: method<string, void>(), aborted: method<void, string[]>() });

for (const transport of ["tcp", "unix", "websocket"] as const) {
  test(`[F65, P1, P2] a plugin that is killed with 1,000 calls in flight over ${transport} rejects each of them once, CONNECTION_LOST`, async () => {
    const client = clientFor("holds-calls", { transport });
    const { never, aborted } = await client.dispense(calls);
    const seen = Array.from({ length: 1_000 }, (_, n) => outcome(never(String(n), { timeoutMs: Number.POSITIVE_INFINITY })));
    expect(await aborted()).toEqual([]); // All of them have arrived.
    process.kill(client.pid as number, "SIGKILL");
    expect(await client.closed).toMatchObject({ kind: "exited", exitCode: null, signal: "SIGKILL" });
    expect(new Set(seen.map(({ state, times, value }) => `${state} ${times} ${value.code}`))).toEqual(
      new Set(["rejected 1 CONNECTION_LOST"]),
    );
    expect(seen[0]?.value.message).toMatch(
      /^Lost the answer to "calls\.never": (?:the connection to )?plugin ".*holds-calls\.mjs" .*; the call may have run$/s,
    );
    expect(await rejection(never("late"))).toMatchObject({ code: "NOT_SENT" });
  });
}

test("[F66] while a plugin is being stopped new calls reject NOT_SENT at once, and those that run are finished", async () => {
  const client = clientFor("holds-calls");
  const { hold } = await client.dispense(calls);
  const running = hold(100);
  const killed = client.kill();
  const late = await rejection(hold(1));
  expect(late).toMatchObject({ code: "NOT_SENT" });
  expect(late.message).toMatch(/^Cannot call "calls\.hold": plugin ".*holds-calls\.mjs" is being stopped$/);
  expect(await running).toBe(100);
  expect(await killed).toMatchObject({ kind: "killed", forced: false });
  expect(await rejection(hold(1))).toMatchObject({ code: "NOT_SENT" });
});

test("[F66] a loop that calls again whenever it is refused starves no timer", async () => {
  const client = clientFor("holds-calls");
  const { hold } = await client.dispense(calls);
  await client.kill();
  let refusals = 0;
  let over = false;
  const loop = (async () => {
    while (!over) refusals += (await rejection(hold(1))) ? 1 : 0;
  })();
  await new Promise((resolve) => setTimeout(resolve, 10));
  over = true;
  await loop;
  expect(refusals).toBeGreaterThan(0);
});

test("[P2] a call that was sent and lost is never sent again", async () => {
  await using plugin = await RawPlugin.listen();
  const client = plugin.client();
  const [socket, connection] = await Promise.all([plugin.ready(), client.client()]);
  const call = rejection(connection.call("raw.call", 1));
  expect((await socket.message()).method).toBe("raw.call");
  socket.destroy();
  expect(await call).toMatchObject({ code: "CONNECTION_LOST" });
  expect(await rejection(connection.call("raw.call", 2))).toMatchObject({ code: "NOT_SENT" });
  expect(await socket.line()).toBeUndefined();
  plugin.exit();
  await client.closed;
});
