import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { NewClient } from "../../../src/index.js";
import { gist, startFailure } from "../../client/start/start-failure.js";
import { fixture } from "../../kit/fixtures.js";
import { gate } from "../../kit/gate.js";

gate();
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "f-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(name: string, content: string | Uint8Array, mode = 0o755): string {
  writeFileSync(join(dir, name), content);
  chmodSync(join(dir, name), mode);
  return name;
}

function putDirectory(name: string): string {
  mkdirSync(join(dir, name));
  return name;
}

const SPAWN = { code: "START_FAILED", step: "spawn", exitCode: null, signal: null };
const FILES: readonly [what: string, make: () => string, sentence: string][] = [
  ["a missing file", () => "./gone", `there is no file "DIR/gone"\n  A relative path starts at the client's cwd.`],
  ["a missing script", () => "./gone.mjs", `there is no file "DIR/gone.mjs"\n  A relative path starts at the client's cwd.`],
  ["a directory", () => `./${putDirectory("plugin")}`, `"DIR/plugin" is a directory\n  Name the plugin's file in it.`],
  [
    "a file that is not executable",
    () => `./${put("tool", "#!/bin/sh\n", 0o644)}`,
    `"DIR/tool" is not executable\n  Run: chmod +x "DIR/tool"`,
  ],
  ["an empty file", () => `./${put("tool", "")}`, `its file "DIR/tool" is empty`],
  [
    "a file without an interpreter line",
    () => `./${put("tool", 'echo "1|1|tcp|127.0.0.1:1|jsonrpc|"\n')}`,
    `"DIR/tool" is neither a program nor a script with a "#!" line\n  Begin a script with its interpreter, as in #!/usr/bin/env python3`,
  ],
  [
    "a missing interpreter",
    () => `./${put("tool", "#!/usr/bin/gone\n")}`,
    `the interpreter "/usr/bin/gone" that the first line of "DIR/tool" names cannot be run\n  Install it, or name another.`,
  ],
  [
    "Windows line ends",
    () => `./${put("tool", "#!/bin/sh\r\n")}`,
    `the first line of "DIR/tool" ends in a carriage return, which the system takes for part of the interpreter's name\n  Save it with Unix line ends.`,
  ],
  [
    "a program that is nowhere",
    () => "surely-no-such-program",
    `there is no program "surely-no-such-program" on its PATH\n  Write "./surely-no-such-program" for a file in the client's cwd.`,
  ],
];
for (const [what, make, sentence] of FILES) {
  test(`[F23, O25] ${what} fails the start, and is named`, async () => {
    const command = make();
    const error = await startFailure(NewClient({ command, cwd: dir }));
    expect(gist(error)).toEqual(SPAWN);
    expect(error.message).toBe(`Cannot start plugin "${command}": ${sentence.replaceAll("DIR", dir)}`);
    expect([error.command, error.stderrTail]).toEqual([command, ""]);
  });
}

test("[F23, O25] a program for another machine fails the start, and is not run by a shell", async () => {
  const header = Buffer.alloc(64);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(process.arch === "x64" ? 183 : 62, 18);
  const error = await startFailure(NewClient({ command: `./${put("tool", header)}`, cwd: dir }));
  expect(gist(error)).toEqual(SPAWN);
  expect(error.message).toContain(`and this machine is ${process.arch}\n  Build it for ${process.platform} ${process.arch}.`);
});

test.skipIf(process.platform !== "linux")(
  "[F23, O25] a program that is damaged, and a script whose interpreter is none, fail the start, and no shell runs what they hold",
  async () => {
    const lines = `\ntouch "${dir}/ran"\n`;
    const program = Buffer.concat([readFileSync(process.execPath).subarray(0, 64), Buffer.from(lines)]);
    put("inner", lines);
    for (const command of [`./${put("damaged", program)}`, `./${put("script", `#!${dir}/inner${lines}`)}`]) {
      expect(gist(await startFailure(NewClient({ command, cwd: dir })))).toEqual(SPAWN);
    }
    expect(existsSync(join(dir, "ran"))).toBe(false);
  },
);

test.skipIf(process.platform !== "linux")(
  "[F23, O25] a program whose loader is missing fails the start, and the loader is blamed",
  async ({ skip }) => {
    const program = readFileSync("/bin/true").toString("latin1");
    if (!/\/lib(64)?\/ld-[^\0]*\0/.test(program)) skip("/bin/true has no loader here");
    const changed = program.replace(/(\/lib(?:64)?\/ld-)[^\0]/, "$1#");
    const error = await startFailure(NewClient({ command: `./${put("tool", Buffer.from(changed, "latin1"))}`, cwd: dir }));
    expect(gist(error)).toEqual(SPAWN);
    expect(error.message).toBe(
      `Cannot start plugin "./tool": the system refused to start "${dir}/tool" (ENOENT)\n` +
        "  The file is there, so the loader that it names is not: it may be built for another system, as with musl and glibc.",
    );
    expect((error.cause as { cause?: unknown }).cause).toMatchObject({ code: "ENOENT" });
  },
);

test("[F23, O25] a cwd that does not exist is blamed, and not the file", async () => {
  const error = await startFailure(NewClient({ command: fixture("echo"), cwd: `${dir}/gone` }));
  expect(gist(error)).toEqual(SPAWN);
  expect(error.message).toBe(`Cannot start plugin "${fixture("echo")}": its cwd "${dir}/gone" does not exist`);
});

test("[F23, O25] a cwd that is a file is blamed, and not the file in it", async () => {
  put("file", "");
  const error = await startFailure(NewClient({ command: "./tool", cwd: join(dir, "file") }));
  expect(error.message).toBe(`Cannot start plugin "./tool": its cwd "${dir}/file" is no directory`);
});

test.skipIf(process.platform === "win32")(
  "[F23, O25] where the host's own cwd was removed a plugin starts that has another, and no other",
  async () => {
    const before = process.cwd();
    process.chdir(join(dir, putDirectory("gone")));
    rmSync(join(dir, "gone"), { recursive: true });
    try {
      const without = await startFailure(NewClient({ command: fixture("echo") }));
      expect(gist(without)).toEqual(SPAWN);
      expect(without.message).toBe(
        `Cannot start plugin "${fixture("echo")}": the directory that this program runs in does not exist any more\n` +
          "  Give the plugin a cwd, or move this program to another with process.chdir().",
      );
      const fails = await startFailure(NewClient({ command: ["/bin/sh", "-c", "exit 3"], cwd: dir }));
      expect([fails.exitCode, fails.message.split("\n").at(-1)]).toEqual([3, expect.stringContaining(`full output: cd ${dir} && OTTO_`)]);
      expect((await startFailure(NewClient({ command: "./x.mjs", cwd: "sub" }))).message).toContain(': its cwd "sub" does not exist');
      await using client = NewClient({ command: fixture("echo"), cwd: dir, minPort: 0, maxPort: 0 });
      await client.start();
    } finally {
      process.chdir(before);
    }
  },
);

test.skipIf(process.platform === "win32")(
  "[F23, O25] where a directory went that Node.js remembers, or Node.js itself, the loader is not blamed",
  async () => {
    const { execPath } = process;
    process.execPath = join(dir, "node");
    try {
      expect((await startFailure(NewClient({ command: fixture("echo") }))).message).toBe(
        `Cannot start plugin "${fixture("echo")}": the system refused to start "${dir}/node" (ENOENT)\n` +
          "  The Node.js that runs this program is not there any more, as after an update: start this program again.",
      );
    } finally {
      process.execPath = execPath;
    }
    const before = process.cwd();
    process.chdir(join(dir, putDirectory("gone")));
    process.cwd();
    rmSync(join(dir, "gone"), { recursive: true });
    try {
      expect((await startFailure(NewClient({ command: fixture("echo") }))).message).toContain(
        "(ENOENT)\n  The directory that this program runs in does not exist any more: give the plugin a cwd, or move this program to another.",
      );
    } finally {
      process.chdir(before);
    }
  },
);

test("[O33, O25] a program is looked for on the PATH that the plugin gets, and not on the host's", async () => {
  put("tool", `#!${process.execPath}\nprocess.stderr.write("it ran"); process.exitCode = 4;\n`);
  const found = await startFailure(NewClient({ command: "tool", env: { PATH: dir } }));
  expect([found.exitCode, found.stderrTail]).toEqual([4, "it ran"]);
  const missed = await startFailure(NewClient({ command: "tool", inheritEnv: ["PATH"] }));
  expect(missed.message).toContain('there is no program "tool" on its PATH');
  const without = await startFailure(NewClient({ command: "tool", inheritEnv: false }));
  expect(without.message).toContain('its environment has no PATH on which "tool" could be found');
});

test("[F28] a file named node in the cwd does not become the interpreter", async () => {
  put("node", "#!/bin/sh\necho hijacked >&2\nexit 9\n");
  put("plugin.mjs", 'process.stderr.write("the real one"); process.exitCode = 5;');
  const error = await startFailure(NewClient({ command: "./plugin.mjs", cwd: dir }));
  expect([error.exitCode, error.stderrTail]).toEqual([5, "the real one"]);
});

test("[F25] a NUL character in the command is the caller's mistake, and nothing is spawned", () => {
  const sentence = "Cannot create a client: command holds a NUL character, which no program can be given";
  expect(() => NewClient({ command: ["./plugin.mjs", "a\0b"] })).toThrow(new TypeError(sentence));
  expect(() => NewClient({ command: "a\0b" })).toThrow(new TypeError(sentence));
});

const onChange = (): void => {};
const cycle: { self?: unknown } = {};
cycle.self = cycle;
const lines = (async function* () {})();

test.each([
  ["a BigInt", { size: 1n }, 'what is at "/size" is a BigInt, which JSON cannot carry'],
  ["a cycle", { a: [cycle] }, 'what is at "/a/0/self" is part of a cycle, which JSON cannot carry'],
  [
    "a function",
    { on: { onChange } },
    'what is at "/on/onChange" is a function, and only the input of a method or a stream may carry those',
  ],
  ["nothing else", onChange, "it is a function, and only the input of a method or a stream may carry those"],
  ["a symbol alone", Symbol("s"), "it is a symbol, which JSON cannot carry"],
  ["a toJSON that gives nothing", { toJSON: () => undefined }, "it is an object, and JSON makes nothing of it"],
  ["an iterable", { lines }, 'what is at "/lines" is an async iterable, and only the input of a method or a stream may carry those'],
])("[F25] a config with %s in it fails the start before anything is spawned, and is blamed by the path", async (_what, config, problem) => {
  const error = await startFailure(NewClient({ command: fixture("echo"), config }));
  expect(gist(error)).toEqual({ ...SPAWN, step: "options" });
  expect(error.message.startsWith('Cannot start plugin "')).toBe(true);
  expect(error.message.endsWith(`: its config cannot be sent: ${problem}`)).toBe(true);
});
