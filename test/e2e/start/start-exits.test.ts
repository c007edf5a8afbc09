import { expect, test } from "vitest";
import { MagicCookieKey, MagicCookieValue, NewClient } from "../../../src/index.js";
import { gist, reason, startFailure } from "../../client/start/start-failure.js";
import { clientFor, fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
const COOKIE = `${MagicCookieKey}=${MagicCookieValue}`;

test("[F33, O25] a plugin that exits early fails the start with its exit code and its last stderr lines", async () => {
  const file = fixture("exits-before-announcing");
  const error = await startFailure(clientFor("exits-before-announcing", { args: ["7", "first", "it's broken"] }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: 7, signal: null });
  expect(error.message).toBe(
    `Cannot start plugin "${file} 7 first it's broken": it exited with code 7 before announcing an address\n` +
      "  last stderr line: it's broken\n" +
      `  Run it by hand to see the full output: ${COOKIE} node ${file} 7 first 'it'\\''s broken'`,
  );
  expect(error.stderrTail).toMatch(/^pid \d+\nfirst\nit's broken\n$/);
  expect(error.command).toBe(`${file} 7 first it's broken`);
});

test("[F33] a plugin that exits with code 0 is no success", async () => {
  const error = await startFailure(clientFor("exits-before-announcing", { args: ["0"] }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: 0, signal: null });
  expect(reason(error)).toBe("it exited with code 0 before announcing an address");
});

test("[O25] the way to run it by hand enters the cwd, and has the handshake's own cookie", async () => {
  const cwd = new URL("../../fixtures/plugins/", import.meta.url);
  const handshake = { magicCookieKey: "KV_PLUGIN", magicCookieValue: "hello you" };
  const error = await startFailure(NewClient({ command: ["./exits-before-announcing.mjs", "2"], cwd, handshake }));
  expect(error.message).toContain(
    "by hand to see the full output: cd test/fixtures/plugins && KV_PLUGIN='hello you' node ./exits-before-announcing.mjs 2",
  );
});

test("[F33, O25] a plugin that throws as it loads fails the start with that error", async () => {
  const error = await startFailure(clientFor("throws-at-load"));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: 1, signal: null });
  expect(error.message).toContain(
    "\n  last stderr line: Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'a-package-that-is-not-installed' imported from ",
  );
});

for (const signal of ["SIGKILL", "SIGTERM", "SIGABRT"] as const) {
  test(`[F33, O25] a plugin that ${signal} ends fails the start with the signal's name`, async () => {
    const error = await startFailure(clientFor("ends-by-signal", { args: [signal] }));
    expect(gist(error)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: null, signal });
    expect(error.message).toContain(`: it was ended by ${signal} before announcing an address\n  last stderr line: going down\n`);
  });
}

test("[O25] a program that is no plugin fails the start with what it printed instead", async () => {
  const error = await startFailure(clientFor("prints-and-exits", { args: ["usage: ls [file]", "more"] }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: 0, signal: null });
  expect(error.message).toContain(
    ': it exited with code 0 before announcing an address\n  stdout held 2 lines and no announcement; the first: "usage: ls [file]"\n',
  );
});

test("[O25] control characters of a plugin do not reach the sentence", async () => {
  const error = await startFailure(clientFor("exits-before-announcing", { args: ["1", "\u001b[2J\u001b]0;x\u0007"] }));
  expect(error.message).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(error.message).toContain("last stderr line: \\u001b[2J\\u001b]0;x\\u0007");
});

test("[F20, O25] a plugin that closes its stdout before it announced anything fails the start", async () => {
  const error = await startFailure(clientFor("closes-stdout"));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "announcement", exitCode: null, signal: null });
  expect(reason(error)).toBe("it closed its stdout before announcing an address");
});

test("[F33, O25] a plugin that announces an address and is gone fails the start at once", async () => {
  const error = await startFailure(
    clientFor("prints-and-exits", { args: ["1|1|tcp|127.0.0.1:1|jsonrpc|"], limits: { helloTimeoutMs: 60_000 } }),
  );
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "connect", exitCode: 0, signal: null });
  expect(reason(error)).toBe("it exited with code 0 before it could be reached");
});

test("[F33, O25] where it said nothing on stderr, the error says so", async () => {
  const command = [process.execPath, "-e", 'console.log("1|1|tcp|127.0.0.1:1|jsonrpc|")'] as const;
  const error = await startFailure(NewClient({ command, minPort: 0, maxPort: 0 }));
  expect(reason(error)).toBe("it exited with code 0 before it could be reached");
  expect(error.message.split("\n").slice(1)).toEqual(["  It said nothing on stderr, where it could say why."]);
});

test("[F33, O25] a plugin that exits during the handshake fails the start with its exit code", async () => {
  const error = await startFailure(clientFor("listens-badly", { args: ["exits"] }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "hello", exitCode: 3, signal: null });
  expect(reason(error)).toBe("it exited with code 3 during the handshake");
});

test("[F40, O25] a plugin that closes the connection during the handshake fails the start", async () => {
  const error = await startFailure(clientFor("listens-badly", { args: ["closes"] }));
  expect(gist(error)).toEqual({ code: "BAD_HANDSHAKE", step: "hello", exitCode: null, signal: null });
  expect(reason(error)).toBe("it closed the connection during the handshake");
});

test("[F33, O25] a plugin that exits in configure() fails the start with its exit code", async () => {
  const error = await startFailure(clientFor("configures", { config: { what: "exit", code: 5 } }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "ready", exitCode: 5, signal: null });
  expect(reason(error)).toBe("it exited with code 5 while it configured itself");
});
