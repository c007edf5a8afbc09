import { expect, test } from "vitest";
import { type Client, defineContract, method, stream } from "../../../src/index.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const jobs = defineContract("jobs", {
  count: method<{ to: number; onProgress: (n: number) => number }, number>(),
  shout: method<{ ask: (shout: (text: string) => Promise<string>, bytes: Uint8Array) => Promise<unknown> }, unknown>(),
  keep: method<{ on: () => void }>(),
  late: method<void, { code: string; message: string }>(),
  forget: method<{ on: (text: string) => unknown }>(),
  forgotten: method<void, void>(),
  hang: method<{ on: () => unknown }>(),
  each: stream<{ on: (n: number) => number }, number>(),
});
const TRANSPORTS = ["tcp", "unix", "websocket"] as const;

async function start(transport: (typeof TRANSPORTS)[number] = "tcp") {
  const client = clientFor("uses-callbacks", { transport });
  return { client, remote: await client.dispense(jobs) };
}
/** What is left on the host's side of a connection. */
async function left(client: Client): Promise<number[]> {
  const { peer } = (await client.client()) as unknown as { peer: Record<string, number> };
  return [peer["openStreams"], peer["lentFunctions"], peer["pending"], peer["running"]] as number[];
}

for (const transport of TRANSPORTS) {
  test(`a plugin calls a function of its host's 10,000 times, over ${transport}`, async () => {
    const { client, remote } = await start(transport);
    const seen: number[] = [];
    const onProgress = (n: number): number => {
      seen.push(n);
      return n * 2;
    };
    expect(await remote.count({ to: 10_000, onProgress })).toBe(99_990_000);
    expect([seen.length, seen[9_999], await left(client)]).toEqual([10_000, 9_999, [0, 0, 0, 0]]);
    await client.kill();
  });

  test(`a function that is given a function and bytes calls it, and gives bytes back, over ${transport}`, async () => {
    const { client, remote } = await start(transport);
    const answer = await remote.shout({
      ask: async (shout, bytes) => ({ [await shout("hey")]: Uint8Array.from(bytes), isBytes: bytes instanceof Uint8Array }),
    });
    expect(answer).toEqual({ HEY: new Uint8Array(Buffer.from("bytes")), isBytes: true });
    expect(await left(client)).toEqual([0, 0, 0, 0]);
    await client.kill();
  });
}

test("a callback that the plugin keeps rejects there with a plain sentence once its call is over", async () => {
  const { client, remote } = await start();
  await remote.keep({ on: () => expect.unreachable() });
  expect(await remote.late()).toEqual({
    code: "NOT_SENT",
    message:
      'Cannot call "callback of jobs.keep": the call that lent it is over, and it lasts no longer\n  Await all use of it before the handler returns.',
  });
  await client.kill();
});

test("a plugin that reports on without awaiting, after its call is over or aborted, lives on", async () => {
  const { client, remote } = await start();
  await remote.forget({ on: () => {} });
  await remote.forget({
    on: () => {
      throw new Error("unheard");
    },
  });
  const controller = new AbortController();
  const hanging = rejection(remote.hang({ on: () => controller.abort(new Error("enough")) }, { signal: controller.signal }));
  expect(await hanging).toMatchObject({ message: "enough" });
  await remote.forgotten();
  expect([client.state, await remote.count({ to: 1, onProgress: () => 5 }), await left(client)]).toEqual(["ready", 5, [0, 0, 0, 0]]);
  await client.kill();
});

test("[P1] a call that reports progress outlives its deadline, until the cap", async () => {
  const { client, remote } = await start();
  const on = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
  // Which of the two it was that ended it, the sentence tells.
  const error = await rejection(remote.hang({ on }, { timeoutMs: 1_000, progressResetsTimeout: true, maxTotalMs: 1_200 }));
  expect(error).toMatchObject({ code: "CALL_TIMEOUT", message: expect.stringContaining("did not answer in 1200 ms") });
  await client.kill();
});

test("a plugin that is killed while it calls back lets the host's function end, and leaves nothing", async () => {
  const { client, remote } = await start();
  let ended = false;
  const on = async (): Promise<void> => {
    process.kill(client.pid as number, "SIGKILL");
    await client.closed;
    ended = true;
  };
  expect(await rejection(remote.hang({ on }))).toMatchObject({ code: "CONNECTION_LOST" });
  await client.closed;
  await expect.poll(() => ended).toBe(true);
});

test("the callbacks of a stream's input are called for as long as it is read", async () => {
  const { client, remote } = await start();
  const items: number[] = [];
  for await (const item of remote.each({ on: (n) => n * 2 })) {
    items.push(item);
    if (items.length === 1_000) break;
  }
  expect(items.at(-1)).toBe(1_998);
  await (await client.client()).ping();
  await expect.poll(() => left(client)).toEqual([0, 0, 0, 0]);
  await client.kill();
});
