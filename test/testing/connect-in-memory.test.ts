import { spawnSync } from "node:child_process";
import { expect, test, vi } from "vitest";
import { defineContract, implement, method } from "../../src/index.js";
import { connectInMemory } from "../../src/testing/index.js";
import { rejection } from "../kit/fixtures.js";

const greeter = defineContract("greeter", { greet: method<{ name: string }, string>(), ask: method<void, string>() });
const names = defineContract("names", { favourite: method<void, string>() });
const implementation = implement(greeter, {
  greet: ({ name }) => `Hello, ${name}!`,
  ask: async (_input, { peer }) => `Hello, ${await peer.dispense(names).favourite()}!`,
});

test("[O36] connectInMemory() joins a host and a plugin in this process, with the same messages and no process", async () => {
  const connection = await connectInMemory({ provides: [implementation] });
  const input = { name: "test" };
  expect(await connection.dispense(greeter).greet(input)).toBe("Hello, test!");
  expect(await connection.call("greeter.greet", input)).toBe("Hello, test!");
  expect(connection.provided).toEqual([{ name: "greeter", members: { greet: { kind: "method" }, ask: { kind: "method" } } }]);
  expect([connection.apiVersion, await connection.ping()]).toEqual([1, expect.any(Number)]);
  expect(await connection.close()).toEqual({ kind: "closed", by: "us" });
  expect(await rejection(connection.call("greeter.greet", input))).toMatchObject({ code: "NOT_SENT" });
});

test("[O36] values are copied, as between processes", async () => {
  const echo = defineContract("echo", { echo: method<unknown, unknown>() });
  const seen: unknown[] = [];
  const keep = (value: unknown): unknown => {
    seen.push(value);
    return value;
  };
  await using connection = await connectInMemory({ provides: [implement(echo, { echo: keep })] });
  const value = { at: new Date(0), list: [1], left: undefined };
  const answer = await connection.dispense(echo).echo(value);
  expect(answer).toEqual({ at: "1970-01-01T00:00:00.000Z", list: [1] });
  expect(seen[0]).not.toBe(value);
  expect(answer).not.toBe(seen[0]);
});

test("[O36, O20] the plugin calls what the host provides", async () => {
  await using connection = await connectInMemory({
    provides: [implementation],
    hostProvides: [implement(names, { favourite: () => "Ada" })],
  });
  expect(await connection.dispense(greeter).ask()).toBe("Hello, Ada!");
});

test("[O36] a plugin whose host offers nothing is told so", async () => {
  await using connection = await connectInMemory({ provides: [implementation] });
  expect(await rejection(connection.dispense(greeter).ask())).toMatchObject({
    code: "REMOTE_ERROR",
    remoteCode: "NOT_PROVIDED",
    message: 'Cannot dispense "names": the host in memory does not provide it; it provides nothing',
  });
});

test("[O36] configure() gets a copy of the configuration before anything is called, {} if there is none", async () => {
  const configs: unknown[] = [];
  const configure = (config: unknown) => void configs.push(config);
  const config = { root: { dir: "/" } };
  await using first = await connectInMemory({ provides: [implementation], configure, config });
  await using second = await connectInMemory({ provides: [implementation], configure });
  expect([configs, first.apiVersion, second.apiVersion]).toEqual([[config, {}], 1, 1]);
  expect((configs[0] as typeof config).root).not.toBe(config.root);
});

test("[O36] what configure() throws rejects, sooner or later", async () => {
  const error = new Error("no such directory");
  for (const configure of [
    () => Promise.reject(error),
    () => {
      throw error;
    },
  ]) {
    expect(await rejection(connectInMemory({ provides: [implementation], configure }))).toBe(error);
  }
});

test("[O36] a list that holds no implementations is a mistake of the caller's", async () => {
  expect(await rejection(connectInMemory({ provides: [greeter] as never }))).toEqual(
    new TypeError("Cannot connect in memory: provides[0] is an object, and it must be made with implement()"),
  );
  expect(await rejection(connectInMemory({ provides: [], hostProvides: {} as never }))).toEqual(
    new TypeError("Cannot connect in memory: hostProvides is an object, and it must be a list of implement(…) results"),
  );
});

test("[O36] closing it ends the handlers that run", async () => {
  let signal: AbortSignal | undefined;
  const wait = defineContract("wait", { wait: method() });
  const connection = await connectInMemory({
    provides: [
      implement(wait, {
        wait: (_input, context) => {
          signal = context.signal;
          return new Promise(() => {});
        },
      }),
    ],
  });
  const call = rejection(connection.dispense(wait).wait());
  while (signal === undefined) await new Promise((resolve) => setImmediate(resolve));
  await connection.close();
  expect(await call).toMatchObject({ code: "CONNECTION_CLOSED" });
  const given = signal;
  if (!given.aborted) await new Promise((resolve) => given.addEventListener("abort", resolve, { once: true }));
  expect(given.reason).toMatchObject({ code: "CONNECTION_LOST" });
});

const mistakes: readonly (readonly [unknown, string])[] = [
  [undefined, "Cannot connect in memory: the options are undefined, and must be an object"],
  [null, "Cannot connect in memory: the options are null, and must be an object"],
  [[implementation], "Cannot connect in memory: the options are a list, and must be an object"],
  [
    { provides: [], configuration: {} },
    'Cannot connect in memory: there is no option "configuration"; the options are provides, hostProvides, configure, config, values',
  ],
  [{ provides: [], configure: 5 }, "Cannot connect in memory: configure is 5, and it must be a function"],
  [
    { provides: [], zzz: {} },
    'Cannot connect in memory: there is no option "zzz"; the options are provides, hostProvides, configure, config, values',
  ],
  [{}, "Cannot connect in memory: provides is undefined, and it must be a list of implement(…) results"],
];

test.for(mistakes)("[O36, R30] a mistake in the options is refused by name: %s", async ([options, sentence]) => {
  expect(await rejection(connectInMemory(options as never))).toEqual(new TypeError(sentence));
});

test("[O36] bytes of a configuration are bytes, and what cannot be sent is refused as behind a socket", async () => {
  const configs: any[] = [];
  const configure = (config: unknown) => void configs.push(config);
  const key = Uint8Array.of(1, 2, 3);
  await using _connection = await connectInMemory({ provides: [implementation], configure, config: { key } });
  expect(configs).toEqual([{ key }]);
  expect(configs[0].key).not.toBe(key);
  const error = await rejection(connectInMemory({ provides: [implementation], configure, config: { onKey: () => {} } }));
  expect(error.message).toContain('what is at "/onKey" is a function');
});

test("[O36] it works under fake timers that stand still", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "setImmediate", "queueMicrotask", "performance", "Date"] });
  try {
    await using connection = await connectInMemory({ provides: [implementation] });
    expect(await connection.dispense(greeter).greet({ name: "test" })).toBe("Hello, test!");
  } finally {
    vi.useRealTimers();
  }
});

/** A program of its own, whose end is seen. */
function run(program: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const head = `
    import { defineContract, implement, method } from "mortise";
    import { connectInMemory } from "mortise/testing";
    const contract = defineContract("c", { never: method(), ask: method() });
    const ask = async (_, { peer }) => peer.dispense(contract).never(undefined, { timeoutMs: 100 });
    const handlers = { never: () => new Promise(() => {}), ask };
    const connection = await connectInMemory({ provides: [implement(contract, handlers)], hostProvides: [implement(contract, handlers)] });
    const remote = connection.dispense(contract);`;
  return spawnSync(process.execPath, ["--input-type=module", "--eval", head + program], { encoding: "utf8", cwd: import.meta.dirname });
}

test("[O36] the deadline of a call that is awaited comes, though nothing else keeps the program alive", () => {
  expect(run("await remote.never(undefined, { timeoutMs: 100 }).catch(({ code }) => console.log(code));")).toMatchObject({
    status: 0,
    stdout: "CALL_TIMEOUT\n",
    stderr: "",
  });
  // The plugin's call to the host has a deadline; the host's to the plugin has none that would come.
  expect(run("await remote.ask().catch(({ remoteCode }) => console.log(remoteCode));")).toMatchObject({
    status: 0,
    stdout: "CALL_TIMEOUT\n",
  });
});

test("[O36] a connection without a call that waits keeps no program alive", () => {
  expect(run("await remote.ask().catch(() => {}); console.log('done');")).toMatchObject({ status: 0, stdout: "done\n", stderr: "" });
});

test("[O36] values that JSON would change are refused, unless values are to be JSON's own", async () => {
  const echo = defineContract("echo", { echo: method<any, any>() });
  const provides = [implement(echo, { echo: (value) => value })];
  await using strict = await connectInMemory({ provides });
  expect(await rejection(strict.dispense(echo).echo({ n: Number.NaN }))).toMatchObject({ code: "INVALID_INPUT" });
  await using lax = await connectInMemory({ provides, values: "json" });
  expect(await lax.dispense(echo).echo({ n: Number.NaN, map: new Map(), list: [Symbol("s")] })).toEqual({ n: null, map: {}, list: [null] });
  const config = { at: Number.NaN };
  expect((await rejection(connectInMemory({ provides, config, configure: () => {} }))).message).toContain(
    'what is at "/at" is NaN, which JSON cannot carry',
  );
  const configured: unknown[] = [];
  await using _third = await connectInMemory({ provides, config, values: "json", configure: (given) => void configured.push(given) });
  expect(configured).toEqual([{ at: null }]);
  expect((await rejection(connectInMemory({ provides, values: "xml" as never }))).message).toBe(
    'Cannot connect in memory: values is "xml", and it must be "strict" or "json"',
  );
});
