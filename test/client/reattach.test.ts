import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { resolveClientOptions } from "../../src/client/options/options.js";
import { attach } from "../../src/client/reattach.js";
import { NewClient } from "../../src/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";

gate();
const secret = "ab".repeat(32);
const config = {
  pid: 1,
  address: { network: "tcp", host: "127.0.0.1", port: 10_000 },
  protocol: "jsonrpc",
  apiVersion: 1,
  secret,
} as const;
const CONFIG = "and it must be a reattachConfig, or that as JSON text";
const ADDRESS = 'and it must be {"network":"tcp","host":…,"port":…} or {"network":"unix","path":…}';
const TEXT = "reattach is a text that holds no reattachConfig in JSON";

const mistakes: readonly (readonly [unknown, string])[] = [
  [null, `reattach is null, ${CONFIG}`],
  [7, `reattach is 7, ${CONFIG}`],
  ["", TEXT],
  [`{"secret":"${secret}"`, TEXT],
  [`"${secret}"`, TEXT],
  ["[]", TEXT],
  [{ ...config, pid: 0 }, "reattach.pid is 0, and it must be a whole number from 1"],
  [{ ...config, pid: "1" }, 'reattach.pid is "1", and it must be a whole number from 1'],
  [{ ...config, protocol: "grpc" }, 'reattach.protocol is "grpc", and it must be "jsonrpc" or "jsonrpc+ws"'],
  [{ ...config, apiVersion: 0 }, "reattach.apiVersion is 0, and it must be a whole number from 1"],
  [{ ...config, secret: secret.toUpperCase() }, "reattach.secret must be 64 lower-case hex digits"],
  [{ ...config, address: undefined }, `reattach.address is undefined, ${ADDRESS}`],
  [{ ...config, address: { network: "tcp", host: "127.0.0.1", port: 65_536 } }, `reattach.address is an object, ${ADDRESS}`],
  [{ ...config, address: { network: "unix", path: "relative" } }, `reattach.address is an object, ${ADDRESS}`],
];

test.for(mistakes)("[O28] a reattach that cannot be used is refused with why, and without the secret: %j", ([reattach, why]) => {
  expect(() => NewClient({ reattach: reattach as never })).toThrow(`Cannot create a client: ${why}`);
  expect(why.toLowerCase()).not.toContain(secret);
});

test("[O28] mayKill is true or false, and never for this very process", () => {
  expect(() => NewClient({ reattach: { ...config, mayKill: 1 as never } })).toThrow(
    new TypeError("Cannot create a client: reattach.mayKill is 1, and it must be true or false"),
  );
  expect(() => NewClient({ reattach: { ...config, pid: process.pid, mayKill: true } })).toThrow(
    new TypeError("Cannot create a client: reattach.mayKill is true, and the plugin is this very process"),
  );
});

test("[O28] reattach is a value or JSON text; members that are not known are ignored, and there is no heartbeat unless it is asked for", () => {
  const [value, text] = [{ ...config, more: 1 }, JSON.stringify(config)];
  for (const reattach of [value, text]) {
    expect(resolveClientOptions({ reattach })).toMatchObject({
      reattach: { config, mayKill: false },
      shown: "process 1",
      heartbeat: false,
    });
    expect(resolveClientOptions({ reattach }).reattach?.config).toEqual(config);
  }
  expect(resolveClientOptions({ reattach: value, heartbeat: {} }).heartbeat).toEqual({ intervalMs: 10_000, timeoutMs: 5_000 });
  expect(resolveClientOptions({ command: "a" }).heartbeat).toEqual({ intervalMs: 10_000, timeoutMs: 5_000 });
});

test("[O28] kill() before a client has attached leaves at once", async () => {
  const client = NewClient({ reattach: config });
  expect(await client.kill()).toEqual({ kind: "closed", by: "us" });
  expect((await rejection(client.start())).message).toContain("this client was killed");
});

test("[O28, F18] once the process is gone its number is not signalled any more: it may be somebody else's", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  const options = resolveClientOptions({ reattach: { ...config, pid: child.pid as number, mayKill: true } });
  const { running, release } = attach(options.reattach as NonNullable<typeof options.reattach>, options);
  const kill = vi.spyOn(process, "kill");
  try {
    running.signal("SIGKILL");
    expect(kill.mock.calls).toEqual([[child.pid, "SIGKILL"]]); // It leads no group.
    await once(child, "exit");
    expect(await running.exited).toEqual({ exitCode: null, signal: null });
    running.signal("SIGKILL");
    expect(kill.mock.calls).toHaveLength(1);
  } finally {
    kill.mockRestore();
    await release();
  }
});
