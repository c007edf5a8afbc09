import { expect, test } from "vitest";
import { type Client, defineContract, method, stream } from "../../../src/index.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const streams = defineContract("streams", {
  count: stream<{ name?: string; to?: number }, number>(),
  wait: stream<string, string>(),
  fail: stream<{ after: number }, number>(),
  echo: stream<AsyncIterable<number>, number>(),
  sum: method<AsyncIterable<number>, number>(),
  first: method<AsyncIterable<number>, number>(),
  closed: method<void, string[]>(),
  pid: method<void, number>(),
});
const TRANSPORTS = ["tcp", "unix", "websocket"] as const;

async function start(transport: (typeof TRANSPORTS)[number] = "tcp") {
  const client = clientFor("streams", { transport });
  const remote = await client.dispense(streams);
  /** What the plugin's generators have closed, once everything before it was heard. */
  const closed = async (): Promise<string[]> => {
    await remote.closed();
    return (await remote.closed()).sort();
  };
  return { client, remote, closed };
}
async function* endless(onClose: () => void): AsyncGenerator<number> {
  try {
    for (let n = 0; ; n++) yield n;
  } finally {
    onClose();
  }
}
/** What is left on the host's side of a connection. */
async function left(client: Client): Promise<number[]> {
  const { peer } = (await client.client()) as unknown as { peer: Record<string, number> };
  return [peer["openStreams"], peer["lentFunctions"], peer["pending"], peer["running"]] as number[];
}

for (const transport of TRANSPORTS) {
  test(`streams of a plugin are read to their ends, and broken off, over ${transport}`, async () => {
    const { client, remote, closed } = await start(transport);
    let sum = 0;
    for await (const n of remote.count({ to: 10_000 })) sum += n;
    for await (const n of remote.count({ name: "broken" })) if (n === 5_000) break;
    expect([sum, await closed(), await left(client)]).toEqual([49_995_000, ["broken", "count"], [0, 0, 0, 0]]);
    await client.kill();
  });

  test(`streams of a host are read by a plugin, and both at once make a two-way stream, over ${transport}`, async () => {
    const { client, remote, closed } = await start(transport);
    const ended: string[] = [];
    expect(await remote.first(endless(() => ended.push("first")))).toBe(0);
    let last = 0;
    for await (const n of remote.echo(endless(() => ended.push("echo")))) if ((last = n) === 5_000) break;
    expect([last, await closed(), ended, await left(client)]).toEqual([5_000, ["echo"], ["first", "echo"], [0, 0, 0, 0]]);
    await client.kill();
  });

  test(`[F65] a plugin that is killed ends its streams and those that it reads, over ${transport}`, async () => {
    const { client, remote } = await start(transport);
    const ended: string[] = [];
    const reading = remote.count({})[Symbol.asyncIterator]();
    const both = remote.echo(endless(() => ended.push("input")))[Symbol.asyncIterator]();
    await Promise.all([reading.next(), both.next()]);
    const pid = await remote.pid();
    const drained = rejection(
      (async () => {
        for (;;) await both.next();
      })(),
    );
    process.kill(pid, "SIGKILL");
    expect(await client.closed).toMatchObject({ kind: "exited", signal: "SIGKILL" });
    expect(await drained).toMatchObject({ code: "CONNECTION_LOST", message: expect.stringMatching(/^Lost the rest of "streams\.echo": /) });
    expect(await rejection(reading.next())).toMatchObject({ code: "CONNECTION_LOST" });
    expect([await reading.next(), ended]).toEqual([{ done: true, value: undefined }, ["input"]]);
  });
}

test("what a generator throws ends its stream with it, after the items before", async () => {
  const { client, remote } = await start();
  const items: number[] = [];
  const error = await rejection(
    (async () => {
      for await (const n of remote.fail({ after: 600 })) items.push(n);
    })(),
  );
  expect(error).toMatchObject({ code: "REMOTE_ERROR", message: "no more", remoteName: "RangeError", remoteCode: "EMPTY" });
  expect([items.length, await left(client)]).toEqual([600, [0, 0, 0, 0]]);
  await client.kill();
});

test("a generator that waits is told by its signal that nobody reads any more", async () => {
  const { client, remote, closed } = await start();
  for await (const item of remote.wait("broken")) {
    expect(item).toBe("broken");
    break;
  }
  const controller = new AbortController();
  const error = await rejection(
    (async () => {
      for await (const _ of remote.wait("aborted", { signal: controller.signal })) controller.abort(new Error("enough"));
    })(),
  );
  expect([error.message, await closed()]).toEqual(["enough", ["aborted: CANCELLED", "broken: CANCELLED"]]);
  await client.kill();
});

test("a connection that is closed ends its streams, and the sources that the plugin reads", async () => {
  const { client, remote } = await start();
  const ended: string[] = [];
  const reading = remote.count({})[Symbol.asyncIterator]();
  const both = remote.echo(endless(() => ended.push("input")))[Symbol.asyncIterator]();
  await Promise.all([reading.next(), both.next()]);
  await (await client.client()).close();
  expect(await rejection(reading.next())).toMatchObject({
    code: "CONNECTION_CLOSED",
    message: expect.stringMatching(/^Lost the rest of "streams\.count": we closed the connection to plugin ".*streams\.mjs"$/),
  });
  expect([await reading.next(), ended]).toEqual([{ done: true, value: undefined }, ["input"]]);
  await client.kill();
});

test("a plugin that is stopped finishes the streams that come to an end, and those that do not keep it for its grace alone", async () => {
  const { client, remote } = await start();
  const counting = (async () => {
    let last = -1;
    for await (const n of remote.count({ to: 20_000 })) last = n;
    return last;
  })();
  const endless = remote.wait("endless")[Symbol.asyncIterator]();
  await endless.next();
  const killed = client.kill();
  expect(await counting).toBe(19_999);
  expect(await killed).toMatchObject({ kind: "killed", forced: false });
  expect(await rejection(endless.next())).toMatchObject({ name: "PluginError" });
});
