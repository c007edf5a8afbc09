import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { MagicCookieKey, MagicCookieValue } from "../../../src/index.js";
import { gate } from "../../kit/gate.js";
import { runPlugin } from "../../serve/run-plugin.js";

gate();
const cookie = { [MagicCookieKey]: MagicCookieValue };
const secret = { PLUGIN_SECRET: "a".repeat(64) };

test("[O3, O7, F43] a plugin run by hand explains itself on stderr, prints nothing to stdout, listens on nothing, and exits 1", async () => {
  expect(await runPlugin("echo")).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: "This is a plugin: it is started by another program and does nothing on its own.\n",
  });
});

test("[O3, F43] a plugin started with another program's cookie says so, and what to do", async () => {
  const { exitCode, stdout, stderr } = await runPlugin("echo", { env: { ...secret, [MagicCookieKey]: "another" } });
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toBe(
    `This is a plugin of another program than the one that started it: the magic cookie in ${MagicCookieKey} is not the one it knows.\n` +
      "  Give both programs the same handshake, or start the plugin that belongs to this program.\n",
  );
});

test.for([
  [{}, "PLUGIN_SECRET"],
  [{ PLUGIN_SECRET: "A".repeat(64) }, "PLUGIN_SECRET"],
  [{ ...secret, PLUGIN_TRANSPORT: "udp" }, "PLUGIN_TRANSPORT"],
  [{ ...secret, PLUGIN_TRANSPORT: "unix" }, "PLUGIN_UNIX_SOCKET_DIR"],
  [{ ...secret, PLUGIN_MIN_PORT: "99999" }, "PLUGIN_MIN_PORT"],
  [{ ...secret, PLUGIN_PROTOCOL_VERSIONS: "1,x" }, "PLUGIN_PROTOCOL_VERSIONS"],
] as const)("[O7] an environment that a host got wrong is explained on stderr, by name, and nothing listens: %j", async ([env, name]) => {
  const { exitCode, stdout, stderr } = await runPlugin("echo", { env: { ...cookie, ...env } });
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(new RegExp(`^Cannot start: .*${name}`));
});

test("[O7, O15] a port range without a free port is explained on stderr, and nothing is announced", async () => {
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const port = String((squatter.address() as AddressInfo).port);
  const { exitCode, stdout, stderr } = await runPlugin("echo", {
    env: { ...cookie, ...secret, PLUGIN_MIN_PORT: port, PLUGIN_MAX_PORT: port },
  });
  squatter.close();
  await once(squatter, "close");
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(new RegExp(`Cannot .*${port}`));
});

test("[O3] with the cookie and a secret it does announce itself, which shows that the tests above look at the right thing", async () => {
  const run = await runPlugin("echo", { env: { ...cookie, ...secret, PLUGIN_LIFELINE: "stdin" } });
  expect(run.exitCode).toBe(0); // Its stdin has ended, and so does it.
  expect(run.stdout).toMatch(/^\n1\|1\|tcp\|127\.0\.0\.1:\d+\|jsonrpc\|\n$/);
  expect(run.stderr).toMatch(/^LISTENS/);
});

test("[O8] serveMux() without an argument lists the plugins on stderr, and exits 1", async () => {
  expect(await runPlugin("holds-several", { env: cookie })).toEqual({
    exitCode: 1,
    stdout: "",
    stderr:
      "This program holds several plugins. It needs the name of one of them as its first argument.\n\n  usage: holds-several.mjs <plugin>\n\n  plugins: kv, log\n",
  });
});

test.for(["sql", "toString", "__proto__", ""])(
  "[O8, F48] serveMux() with the unknown name %j lists the plugins on stderr, and exits 1",
  async (name) => {
    expect(await runPlugin("holds-several", { args: [name], env: cookie })).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `This program holds several plugins. There is no plugin "${name}" in it.\n\n  usage: holds-several.mjs <plugin>\n\n  plugins: kv, log\n`,
    });
  },
);

test("[O3, O8] serveMux() with a known name, run by hand, explains itself as serve() does", async () => {
  const { exitCode, stdout, stderr } = await runPlugin("holds-several", { args: ["kv"] });
  expect([exitCode, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^This is a plugin: it is started by another program/);
});
