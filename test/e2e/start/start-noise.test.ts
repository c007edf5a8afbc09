import { expect, test } from "vitest";
import { gist, reason, startFailure } from "../../client/start/start-failure.js";
import { clientFor, memoryLogger } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const BAD = { code: "BAD_HANDSHAKE", step: "announcement", exitCode: null, signal: null };

test("[F34, F22, F41, O21] a plugin with a banner, a full stderr and a second announcement starts, and all of it is logged", async () => {
  const logger = memoryLogger();
  const again = "1|1|tcp|127.0.0.1:1|jsonrpc|";
  await using client = clientFor("has-banner", { logger });
  const address = await client.start();
  while (!logger.text.includes(again)) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(address).toMatchObject({ network: "tcp", host: "127.0.0.1" });
  expect(await client.start()).toBe(address);
  const stdout = logger.records.filter(({ fields }) => (fields as { stream?: string } | undefined)?.stream === "stdout");
  expect(stdout.map(({ message }) => message)).toEqual([
    "\uFEFF*** ACME ***",
    "\\u001b[33mnpm notice\\u001b[0m New version of npm available!",
    again,
  ]);
  expect(client.state).toBe("ready");
});

test("[F36] a plugin that prints without an end is killed, and the host's memory stays flat", async () => {
  const before = process.memoryUsage().rss;
  const error = await startFailure(clientFor("prints-for-ever"));
  expect(gist(error)).toEqual(BAD);
  expect(error.message).toContain(
    ': it printed more than 65536 bytes to stdout before an announcement\n  stdout held 1 line and no announcement; the first: "xxxx',
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
});

test("[F34] a plugin that prints more than 200 lines first is killed, and the error shows the first", async () => {
  const error = await startFailure(clientFor("prints-and-waits", { args: Array.from({ length: 201 }, (_, index) => `line ${index}`) }));
  expect(gist(error)).toEqual(BAD);
  expect(reason(error)).toBe("it printed more than 200 lines to stdout before an announcement");
  expect(error.message).toContain('\n  stdout held 201 lines and no announcement; the first: "line 0"\n');
});

test("[F36] an announcement of 70 kB is refused", async () => {
  const error = await startFailure(clientFor("prints-and-waits", { args: [`1|1|tcp|127.0.0.1:1|jsonrpc|${"x".repeat(70_000)}`] }));
  expect(gist(error)).toEqual(BAD);
  expect(reason(error)).toBe("its announcement line is longer than 4096 bytes");
});
