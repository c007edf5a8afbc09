import { expect, test } from "vitest";
import { defineContract, implement, type Logger, method, NewClient, type ReattachConfig } from "../../../src/index.js";
import { serve } from "../../../src/serve/serve.js";
import { deferred } from "../../../src/util/deferred.js";
import { clientFor, rejection } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { RawPlugin } from "../../kit/raw/raw-plugin.js";

// It fails a test where something is thrown into the void.
gate();
const raw = defineContract("raw", { call: method<unknown, unknown>() });

const throwing = (): never => {
  throw new Error("the log is full");
};
const rejecting = async (): Promise<never> => throwing();
const LOGS = { throws: throwing, rejects: rejecting };

function loggerOf(log: () => unknown): Logger & { said: number } {
  const logger = { said: 0, debug: say, info: say, warn: say, error: say };
  function say(): unknown {
    logger.said++;
    return log();
  }
  return logger;
}

for (const [how, log] of Object.entries(LOGS)) {
  test(`[F21] a plugin starts, is called and killed with a logger that ${how}`, async () => {
    const logger = loggerOf(log);
    const echo = defineContract("echo", { echo: method<unknown, unknown>() });
    const client = clientFor("echo", { logger });
    expect(await (await client.dispense(echo)).echo("a")).toBe("a");
    expect(await client.kill()).toMatchObject({ kind: "killed", forced: false });
    expect(logger.said).toBeGreaterThan(0);
  });

  test(`[F21] a handler that fails is answered, and a log record of the plugin dropped, with a logger that ${how}`, async () => {
    await using plugin = await RawPlugin.listen();
    const ui = defineContract("ui", { ask: method<void, void>() });
    const ask = (): never => {
      throw new Error("nobody here");
    };
    const logger = loggerOf(log);
    const client = plugin.client({ logger, provides: [implement(ui, { ask })] });
    const started = client.start();
    const socket = await plugin.ready();
    await started;
    socket.send({ jsonrpc: "2.0", method: "rpc.log", params: { level: "warn", message: "a record" } });
    socket.send({ jsonrpc: "2.0", id: 1, method: "ui.ask" });
    expect(await socket.message()).toMatchObject({ id: 1, error: { message: "nobody here" } });
    expect(logger.said).toBeGreaterThan(1);
    await client.kill();
  });

  test(`[F21, F45] a plugin that breaks the protocol loses its connection with a logger that ${how}`, async () => {
    await using plugin = await RawPlugin.listen();
    const logger = loggerOf(log);
    const client = plugin.client({ logger });
    const started = client.start();
    const socket = await plugin.ready();
    await started;
    const lost = rejection((await client.dispense(raw)).call(1));
    await socket.message();
    socket.write("BAD\n");
    expect(await lost).toMatchObject({ code: "CONNECTION_LOST", cause: { code: "PROTOCOL_VIOLATION" } });
    expect(await client.closed).toMatchObject({ kind: "lost", error: { code: "PROTOCOL_VIOLATION" } });
    expect(logger.said).toBeGreaterThan(0);
  });

  test(`[F21] a plugin whose own logger ${how} answers as any other`, async () => {
    const abort = new AbortController();
    const listening = deferred<ReattachConfig>();
    const logger = loggerOf(log);
    const standalone = { signal: abort.signal, onListening: (config: ReattachConfig) => listening.resolve(config) };
    const served = serve({ provides: [implement(raw, { call: throwing })], logger, standalone });
    const client = NewClient({ reattach: await listening.promise });
    expect(await rejection((await client.dispense(raw)).call(1))).toMatchObject({ code: "REMOTE_ERROR", message: "the log is full" });
    expect(logger.said).toBe(1);
    await client.kill();
    abort.abort();
    await served;
  });
}
