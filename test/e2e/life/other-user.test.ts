import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { shareDir } from "../../../src/client/start/socket-group.js";
import { type Client, defineContract, method, type StartError } from "../../../src/index.js";
import { gist, reason, startFailure } from "../../client/start/start-failure.js";
import { clientFor, fixture, rejection, startFixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";
import { asNobody, NOBODY, spawnAsNobody, whyNoNobody } from "../../kit/nobody.js";

gate();

const echo = defineContract("echo", { echo: method<unknown, unknown>() });
const DIAL = `const socket = require("net").connect(JSON.parse(process.argv[1]));
socket.on("error", ({ code }) => console.log(code)).on("connect", () => { console.log("connected"); socket.destroy(); });`;
const SPEAK = `const { tls, lines, ...target } = JSON.parse(process.argv[1]);
const socket = tls ? require("tls").connect({ ...target, rejectUnauthorized: false }) : require("net").connect(target);
socket.on("error", () => {}).on("data", (chunk) => console.log(String(chunk).trim())).on("close", () => console.log("closed"));
for (const line of lines) socket.write(JSON.stringify(line) + "\\n");`;

async function socketOf(client: Client): Promise<string> {
  const address = await client.start();
  return address.network === "unix" ? address.path : "";
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8);
}

// Where the temporary directory lets another user in, as /tmp does: what keeps them out is then our own.
const ours = process.env["TMPDIR"] as string;
let open: string;
beforeEach(() => {
  open = mkdtempSync(join("/tmp", "mt-open-"));
  chmodSync(open, 0o1777);
  process.env["TMPDIR"] = open;
});
afterEach(() => {
  process.env["TMPDIR"] = ours;
  rmSync(open, { recursive: true });
});

test("[F143] with umask 000 the socket and its directory are still this user's alone", async () => {
  const umask = process.umask(0);
  try {
    await using client = clientFor("echo", { transport: "unix" });
    const path = await socketOf(client);
    expect([modeOf(path), modeOf(dirname(path))]).toEqual(["600", "700"]);
  } finally {
    process.umask(umask);
  }
});

test("[F141] after a plugin was killed its socket is gone, and the next start has a fresh directory", async () => {
  const paths: string[] = [];
  for (let start = 0; start < 2; start++) {
    const client = clientFor("echo", { transport: "unix" });
    paths.push(await socketOf(client));
    process.kill(client.pid as number, "SIGKILL");
    await client.closed;
    expect(existsSync(dirname(paths[start] as string))).toBe(false);
  }
  expect(paths[0]).not.toBe(paths[1]);
});

test("[F142] a temporary directory in which others could take ours away is refused", async () => {
  chmodSync(open, 0o777);
  const error = await startFailure(clientFor("echo", { transport: "unix" }));
  expect(gist(error)).toEqual({ code: "START_FAILED", step: "spawn", exitCode: null, signal: null });
  expect(error.message.split("\n").slice(0, 2)).toEqual([
    expect.stringContaining(`: its socket would not be safe in the temporary directory: every user can write to "${realpathSync(open)}"`),
    "  Run chmod +t there, or set TMPDIR to a directory of your own.",
  ]);
  chmodSync(open, 0o1777);
});

test("[O31] a group that does not exist is named, and so is a group of the wrong form", async () => {
  const error = await startFailure(clientFor("echo", { transport: "unix", socketGroup: "no-such-group" }));
  expect(error.message.split("\n").slice(0, 2)).toEqual([
    expect.stringMatching(/: \/etc\/group knows no group "no-such-group" for its socket$/),
    "  Give the group's number, which `getent group` prints.",
  ]);
  for (const [socketGroup, shown] of [
    [-1, "-1"],
    [1.5, "1.5"],
    ["a:b", '"a:b"'],
    ["", '""'],
    [null, "null"],
  ] as const) {
    expect(() => clientFor("echo", { transport: "unix", socketGroup: socketGroup as never })).toThrow(
      new TypeError(`Cannot create a client: socketGroup is ${shown}, and it must be a group's name or number`),
    );
  }
  expect(() => clientFor("echo", { socketGroup: 0 })).toThrow(
    new TypeError('Cannot create a client: transport is undefined, and it must be "unix" where there is a socketGroup'),
  );
});

describe.skipIf(whyNoNobody !== undefined)(`another user${whyNoNobody === undefined ? "" : ` (left out: ${whyNoNobody})`}`, () => {
  test("[F42, F143] cannot connect to a plugin's unix socket, also where the umask is 000", async () => {
    const umask = process.umask(0);
    try {
      await using client = clientFor("echo", { transport: "unix" });
      const path = await socketOf(client);
      expect(await asNobody(DIAL, JSON.stringify({ path }))).toBe("EACCES\n");
      chmodSync(dirname(path), 0o711);
      expect(await asNobody(DIAL, JSON.stringify({ path }))).toBe("EACCES\n");
    } finally {
      process.umask(umask);
    }
  });

  for (const tls of [undefined, "auto"] as const) {
    test(`[F42] connects to a plugin's port, cannot prove the secret and runs nothing${tls ? ", with TLS" : ""}`, async () => {
      await using client = await startFixture("echo", { tls });
      const { port } = (await client.start()) as { port: number };
      const hello = { protocolVersions: [1], apiVersions: [1], challenge: "ab".repeat(32), framings: ["lines"], info: { name: "x" } };
      const lines = [
        { jsonrpc: "2.0", id: 0, method: "rpc.hello", params: hello },
        { jsonrpc: "2.0", id: 1, method: "rpc.ready", params: { proof: "0".repeat(64), provides: [], config: {} } },
        { jsonrpc: "2.0", id: 2, method: "echo.echo", params: ["run"] },
      ];
      const heard = await asNobody(SPEAK, JSON.stringify({ host: "127.0.0.1", port, tls, lines }));
      const answers = heard.trim().split("\n");
      expect(answers.pop()).toBe("closed");
      // Over TLS not even the hello arrives.
      expect(answers.map((answer) => JSON.parse(answer).id)).toEqual(tls === undefined ? [0] : []);
      expect(await (await client.dispense(echo)).echo(1)).toBe(1);
    });
  }

  test("[F42] squats the port that a plugin announced, and the host tells it nothing", async () => {
    const squat = `const server = require("net").createServer((socket) => socket.on("error", () => {}).on("data", (chunk) => {
      console.log(String(chunk).trim());
      const { id } = JSON.parse(chunk);
      const result = { protocolVersion: 1, apiVersion: 1, challenge: "ab".repeat(32), proof: "cd".repeat(32), framing: "lines", provides: [] };
      socket.write(JSON.stringify({ jsonrpc: "2.0", id, result }) + "\\n");
    })).listen(0, "127.0.0.1", () => console.log(server.address().port));`;
    const squatter = spawnAsNobody(squat);
    let heard = "";
    squatter.stdout.setEncoding("utf8").on("data", (text: string) => {
      heard += text;
    });
    await once(squatter.stdout, "data");
    const args = [`1|1|tcp|127.0.0.1:${Number(heard)}|jsonrpc|`];
    const client = clientFor("prints-and-waits", { args, config: { password: "hidden" } });
    const error = (await rejection(client.start())) as unknown as StartError;
    expect(gist(error)).toEqual({ code: "BAD_HANDSHAKE", step: "hello", exitCode: null, signal: null });
    expect(reason(error)).toBe("whoever answered could not prove that this host had started it, and was told nothing");
    squatter.kill("SIGKILL");
    await once(squatter, "close");
    expect(heard).toContain("rpc.hello");
    expect(heard).not.toContain("hidden");
  });

  test("[F26] cannot read a plugin's environment, and sees no secret in its arguments, where it sees any", async () => {
    await using client = await startFixture("echo", { env: { HIDDEN: "hidden" } });
    const read = `const { readFileSync } = require("fs");
      const tell = (path) => { try { return readFileSync(path, "latin1"); } catch ({ code }) { return { code }; } };
      console.log(JSON.stringify(process.argv.slice(1).map(tell)));`;
    const files = [`/proc/${client.pid}/environ`, `/proc/${client.pid}/cmdline`, `/proc/${process.pid}/cmdline`];
    const [environment, line, lineOfThis] = JSON.parse(await asNobody(read, ...files));
    // Where /proc is mounted with hidepid, another user's processes cannot be looked at, or are not there at all. Else all see arguments.
    const isOpen = typeof lineOfThis === "string";
    expect(environment).toEqual(isOpen ? { code: "EACCES" } : lineOfThis);
    expect(line).toEqual(isOpen ? readFileSync(`/proc/${client.pid}/cmdline`, "latin1") : lineOfThis);
    expect(JSON.stringify(line)).not.toMatch(/[0-9a-f]{64}/);
  });

  test("[F142] makes names in the temporary directory, and the host uses none of them", async () => {
    // As many as it likes: ours is random, and a directory that is there already is never taken.
    await asNobody(
      `for (const name of ["mortise-", "mortise-000000000000", "s"]) require("fs").mkdirSync(process.argv[1] + "/" + name)`,
      open,
    );
    await using client = clientFor("echo", { transport: "unix" });
    const dir = dirname(await socketOf(client));
    expect([statSync(dir).uid, modeOf(dir)]).toEqual([process.geteuid?.(), "700"]);
    expect(await asNobody(`require("fs").rename(process.argv[1], process.argv[1] + "x", (error) => console.log(error.code))`, dir)).toMatch(
      /^(EPERM|EACCES)\n$/,
    );
  });

  test("[O31, F143] a group that the socket is given to may connect, and still has to prove the secret", async () => {
    await using client = clientFor("echo", { transport: "unix", socketGroup: NOBODY });
    const path = await socketOf(client);
    expect([modeOf(path), statSync(path).gid]).toEqual(["660", NOBODY]);
    expect([modeOf(dirname(path)), statSync(dirname(path)).gid]).toEqual(["750", NOBODY]);
    expect(await asNobody(DIAL, JSON.stringify({ path }))).toBe("connected\n");
    // It cannot put another socket there.
    expect(await asNobody(`require("fs").rm(process.argv[1], (error) => console.log(error.code))`, path)).toBe("EACCES\n");
    const lines = [{ jsonrpc: "2.0", id: 0, method: "echo.echo", params: [1] }];
    expect(await asNobody(SPEAK, JSON.stringify({ path, lines }))).toBe("closed\n");
    expect(await (await client.dispense(echo)).echo(1)).toBe(1);
  });

  test("[O31] who is not in a group cannot give it a socket", async () => {
    const dir = join(open, "nobody");
    mkdirSync(dir, { mode: 0o700 });
    chownSync(dir, NOBODY, NOBODY);
    const before = { uid: process.geteuid?.() as number, gid: process.getegid?.() as number, groups: process.getgroups?.() as number[] };
    let error: Error | undefined;
    try {
      process.setgroups?.([]);
      process.setegid?.(NOBODY);
      process.seteuid?.(NOBODY);
      error = await shareDir(dir, 0).then(
        () => undefined,
        (reason: Error) => reason,
      );
    } finally {
      process.seteuid?.(before.uid);
      process.setegid?.(before.gid);
      process.setgroups?.(before.groups);
    }
    expect(error?.message).toBe(
      'its socket cannot be given to the group "0" (EPERM)\n  Only a member of a group can give it something: add this user to it.',
    );
  });
});

test.skipIf(whyNoNobody !== undefined)(
  "[F7, P3] a plugin that the host may not signal any more holds up neither start() nor kill(), which names it (needs root)",
  () => {
    const host = fileURLToPath(new URL("../../fixtures/hosts/drops-its-rights.mjs", import.meta.url));
    const printed = execFileSync(process.execPath, [host, fixture("prints-and-waits"), fixture("never-ends")], { encoding: "utf8" });
    const { closed, pid, code, killMs, startMs } = JSON.parse(printed);
    expect(closed).toEqual({ kind: "killed", forced: true, escaped: [pid] });
    expect(code).toBe("START_TIMEOUT");
    // Without the 5 s for which a process is waited for that does not end by SIGKILL.
    expect(killMs).toBeLessThan(5_000);
    expect(startMs).toBeLessThan(8_000);
  },
);
