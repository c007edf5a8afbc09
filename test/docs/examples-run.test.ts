import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { lacksOpenssl } from "../kit/certificates.js";
import { gate } from "../kit/gate.js";
import { hasPython } from "./has-python.js";

gate();
const EXAMPLES = new URL("../../examples/", import.meta.url);
const OUTPUT = new URL("docs/output/", EXAMPLES);

/** Each transcript of examples/docs/output, and what it shows. */
const SHOWN: Readonly<Record<string, string>> = {
  host: "[O3, O19] the first example prints its greeting, and its plugin explains itself when it is run by hand",
  readme: "the first example, grown by the six tasks of the README, does all of them",
  validate: "a value that does not fit is refused with the path to what is wrong",
  cancel: "[P1] a call ends at its deadline, or when its signal aborts",
  streams: "a stream is read with for await, another is sent with an input, and a signal ends one",
  progress: "a function in an input is called by the plugin, and moves the deadline of its call",
  bytes: "bytes cross as bytes, both ways",
  notify: "a notification reaches the plugin, and nothing is waited for but its sending",
  callback: "[O20] a handler calls what the host provides",
  ticker: "[O20] a plugin calls its host from a timer",
  errors: "a handler's error arrives with its text, code and data",
  configure: "a plugin gets its configuration first, and may decline to start",
  versions: "[O24] the highest common apiVersion is agreed, whichever the host speaks",
  mux: "[O8] the first argument chooses the plugin of an executable that holds several",
  "mux-by-hand": "[O8] an executable that holds several plugins lists them when none is chosen",
  discover: "[O6] discover() finds the plugins of a directory, sorted",
  logs: "[O17, O18] what a plugin prints arrives in the log, in stderr and in syncStdout",
  watch: "calls are published as they start and end, and a connection shows its counters and its plugin's schemas",
  ending: "[O12, O14] kill(), the end of a block, cleanupClients() and a crash each end a client",
  transports: "[O31] a plugin is called over tcp, unix and websocket, and a limit names itself",
  tls: "[O30] a plugin is called over TLS with certificates made for this start",
  "own-certificate": "[O30] a plugin and its host have certificates of their own",
  checksum: "[O29] a plugin's file is run if it has the digest, and not otherwise",
  "socket-group": "[O31] a socket is given to a group",
  sandbox: "a plugin below the permission model of Node.js is called, and may read nothing but its own files",
  attach: "[O28] a second client attaches to a plugin, and leaves it running",
  "reattach-host": "[O28] a host that is told of no running plugin starts its own",
  standalone: "[O28] a plugin is served inside a test, and a client attaches to it",
  niced: "[O32] a plugin is run by a launcher of the host's own",
  testing: "[O36] connectInMemory() tests a plugin without a process",
  "shared-server": "[S43] plugins dial in over TLS on the application's own server, beside its own WebSockets",
  python: "the plugin that docs/protocol.md shows answers, and is written in Python",
};
afterAll(() => rmSync(new URL("docs/certificates", EXAMPLES), { recursive: true, force: true }));
/** Commands that are meant to fail, with the plugin's own exit code. */
const RUN_BY_HAND = ["plugin.js", "mux-plugin.js"];
const LACKING: Readonly<Record<string, boolean>> = {
  python: !hasPython,
  "own-certificate": lacksOpenssl() !== undefined,
  "shared-server": lacksOpenssl() !== undefined,
};

/** Without what a plugin that was meant to fail says of it on the host's stderr, which names lines of this package. */
const withoutRecords = (output: string): string => output.replace(/^\[\/app\/[\w-]+\.js\] .*\n?/gm, "");

test("each transcript of the examples is run by this file", () => {
  const transcripts = readdirSync(OUTPUT).map((name) => name.replace(/\.txt$/, ""));
  expect(transcripts.sort()).toEqual(Object.keys(SHOWN).sort());
});

for (const [name, title] of Object.entries(SHOWN)) {
  test.skipIf(LACKING[name] ?? false)(title, async () => {
    const path = fileURLToPath(new URL(`${name}.txt`, OUTPUT));
    const dir = fileURLToPath(new URL(name === "readme" ? "readme/" : "docs/", EXAMPLES));
    let printed = "";
    for (const [, program = "", file = ""] of readFileSync(path, "utf8").matchAll(/^\$ (node|sh) (\S+)$/gm)) {
      const { exitCode, output } = await run(program === "node" ? process.execPath : program, dir + file);
      // The documents name no directory of this machine.
      printed += `$ ${program} ${file}\n${withoutRecords(output.replaceAll(dir, "/app/"))}`;
      expect(exitCode, output).toBe(RUN_BY_HAND.includes(file) ? 1 : 0);
    }
    // docs:sync copies it into the documents: after a change run vitest with -u, then npm run docs:sync.
    await expect(printed).toMatchFileSnapshot(path);
  });
}

/** Runs a program from a directory that is not its own: an example works from anywhere. */
async function run(program: string, file: string): Promise<{ exitCode: unknown; output: string }> {
  // Whoever runs the tests may hand them descriptors of their own, which an example would warn of.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell that fills it in.
  const closeOthers = 'for fd in /proc/self/fd/*; do fd=${fd##*/}; [ "$fd" -gt 2 ] && eval "exec $fd>&-"; done; exec "$@"';
  const child = spawn("bash", ["-c", closeOthers, "bash", program, file], { cwd: tmpdir(), stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { exitCode, output: stdout + stderr };
}
