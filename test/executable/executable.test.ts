import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findExecutable } from "../../src/executable/executable.js";
import { rejection } from "../kit/fixtures.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "x-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(name: string, content: string | Uint8Array, mode = 0o755): string {
  const file = join(dir, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}
const find = (command: string | [string, ...string[]], path: string | undefined = "/usr/bin:/bin") =>
  findExecutable([command].flat() as [string, ...string[]], { cwd: dir, path });
const why = async (command: string | [string, ...string[]], path?: string | undefined) => (await rejection(find(command, path))).message;
const first = (text: string): string => text.split("\n")[0] as string;

describe("findExecutable()", () => {
  test("runs a .js, .cjs or .mjs file on this Node.js, x bit or not", async () => {
    for (const name of ["a.js", "b.cjs", "c.mjs"]) {
      const file = put(name, "", 0o644);
      expect(await find([name, "--x"])).toMatchObject({ file: process.execPath, args: [file, "--x"], source: file });
    }
  });

  test("starts a relative path at the client's cwd", async () => {
    const file = put("tool", "#!/bin/sh\n");
    expect(await find(["./tool", "a b"])).toMatchObject({ file, args: ["a b"], source: file, runner: [] });
  });

  test("[F28] finds a program on the plugin's PATH, in its order, as an absolute path", async () => {
    mkdirSync(join(dir, "one"));
    mkdirSync(join(dir, "two"));
    put("one/tool", "#!/bin/sh\n", 0o644);
    const file = put("two/tool", "#!/bin/sh\n");
    expect((await find("tool", `${dir}/one:${dir}/two`)).file).toBe(file);
  });

  test("[F28] looks for a program neither in the current directory nor in a relative one on the PATH", async () => {
    put("tool", "#!/bin/sh\n");
    for (const path of [`:${dir}/none`, ".", relative(process.cwd(), dir), "node_modules/.bin", ""]) {
      expect(await why("tool", path)).toBe('there is no program "tool" on its PATH\n  Write "./tool" for a file in the client\'s cwd.');
    }
  });

  test("[F23] says that the environment has no PATH", async () => {
    const error = await rejection(findExecutable(["tool"], { cwd: dir, path: undefined }));
    expect(error.message).toBe(
      'its environment has no PATH on which "tool" could be found\n  Give its absolute path, or PATH in env or inheritEnv.',
    );
  });

  test("[F23] tells a command line from a file", async () => {
    expect(await why("node plugin.js")).toContain('\n  No shell splits a command: give its parts as a list, as in ["node","plugin.js"].');
    expect(await why("python3 plugin.py")).toContain(
      '\n  No shell splits a command: give its parts as a list, as in ["python3","plugin.py"].',
    );
  });
});

describe("findExecutable() names what keeps a file from being run:", () => {
  test("[F23, O25] there is none", async () => {
    expect(await why("./gone")).toBe(`there is no file "${dir}/gone"\n  A relative path starts at the client's cwd.`);
    expect(await why(`${dir}/gone.mjs`)).toBe(`there is no file "${dir}/gone.mjs"`);
    expect(await why("plugin.js")).toContain(`there is no file "${dir}/plugin.js"`);
    put("file", "");
    expect(await why("./file/in-it")).toContain(`there is no file "${dir}/file/in-it"`);
  });

  test("[F23, O25] a link to nothing", async () => {
    symlinkSync("nowhere", join(dir, "link"));
    expect(await why("./link")).toBe(`"${dir}/link" is a link to a file that does not exist`);
  });

  test("[F23, O25] a directory", async () => {
    mkdirSync(join(dir, "plugin"));
    mkdirSync(join(dir, "plugin.js"));
    expect(await why("./plugin")).toBe(`"${dir}/plugin" is a directory\n  Name the plugin's file in it.`);
    expect(await why("./plugin.js")).toBe(`"${dir}/plugin.js" is a directory\n  Name the plugin's file in it.`);
  });

  test("[F23, O25] no regular file", async () => {
    expect(await why("/dev/null")).toBe('"/dev/null" is no regular file');
  });

  test("[F23, O25] not executable", async () => {
    const file = put("my tool", "#!/bin/sh\n", 0o644);
    expect(await why("./my tool")).toBe(`"${file}" is not executable\n  Run: chmod +x "${file}"`);
  });

  test("[F23, O25] empty", async () => {
    const file = put("empty", "");
    expect(await why("./empty")).toBe(`its file "${file}" is empty`);
  });

  test("[F23, O25] no interpreter line, which Node.js would run through a shell", async () => {
    const file = put("tool", "echo hello\n");
    expect(await why("./tool")).toBe(
      `"${file}" is neither a program nor a script with a "#!" line\n  Begin a script with its interpreter, as in #!/usr/bin/env python3`,
    );
  });

  test("[F23, O25] an interpreter that is missing", async () => {
    const file = put("tool", "#!/usr/bin/gone -x\n");
    expect(await why("./tool")).toBe(
      `the interpreter "/usr/bin/gone" that the first line of "${file}" names cannot be run\n  Install it, or name another.`,
    );
  });

  test("[F23, O25] an interpreter that is a directory, or none", async () => {
    put("tool", `#!${dir}\n`);
    expect(await why("./tool")).toContain(`the interpreter "${dir}" that`);
    const file = put("none", "#! \n");
    expect(await why("./none")).toBe(`the first line of "${file}" names no interpreter after its "#!"`);
  });

  test("[F23, O25] an interpreter that is not on the plugin's PATH", async () => {
    const file = put("tool", "#!/usr/bin/env gone\n");
    expect(await why("./tool")).toBe(
      `the interpreter "gone" that the first line of "${file}" names is not on its PATH\n  Install it, or give the plugin a PATH that has it.`,
    );
  });

  test("an interpreter with options for env, or without a PATH, is left to env", async () => {
    for (const line of ["#!/usr/bin/env -S gone -x\n", "#!/usr/bin/env A=1 gone\n"]) {
      const file = put("tool", line);
      expect((await find("./tool")).file).toBe(file);
    }
    put("tool", "#!/usr/bin/env sh\n");
    expect((await findExecutable(["./tool"], { cwd: dir, path: undefined })).args).toEqual([]);
  });

  test("[F23, O25] Windows line ends", async () => {
    const file = put("tool", "#!/usr/bin/env node\r\nserve();\r\n");
    expect(await why("./tool")).toBe(
      `the first line of "${file}" ends in a carriage return, which the system takes for part of the interpreter's name\n  Save it with Unix line ends.`,
    );
  });

  test("[F23, O25] a byte order mark", async () => {
    const file = put("tool", "\uFEFF#!/bin/sh\n");
    expect(await why("./tool")).toBe(`"${file}" begins with a byte order mark, which hides its "#!" line\n  Save it as UTF-8 without one.`);
  });

  test("[F23, O25] another architecture", async () => {
    const machine = process.arch === "x64" ? 183 : 62;
    const file = put("tool", elf(machine));
    const [theirs, ours] = [process.arch === "x64" ? "arm64" : "x64", process.arch];
    expect(await why("./tool")).toBe(
      `"${file}" is a program for ${theirs}, and this machine is ${ours}\n  Build it for ${process.platform} ${ours}.`,
    );
    put("tool", elf(8));
    expect(first(await why("./tool"))).toBe(`"${file}" is a program for machine 8, and this machine is ${ours}`);
  });

  test("[F23, O25] a program that was cut short", async () => {
    for (const length of [12, 40, 63, 100]) {
      const file = put("tool", elf(HERE).subarray(0, length));
      expect(await why("./tool")).toBe(`"${file}" is a program that was cut short\n  Copy or build it anew.`);
    }
    const file = put("tool", withLoader("/lib/ld.so\0").subarray(0, -1));
    expect(await why("./tool")).toBe(`"${file}" is a program that was cut short\n  Copy or build it anew.`);
  });

  test("[F23, O25] an object file, or a core dump", async () => {
    for (const [type, what] of [
      [1, "an object file"],
      [4, "a core dump"],
    ] as const) {
      const file = put("tool", changed(elf(HERE), 16, type));
      expect(await why("./tool")).toBe(`"${file}" is ${what}, and no program`);
    }
  });

  test.each<[what: string, make: () => Buffer]>([
    ["its class", () => changed(elf(HERE), 4, 3)],
    ["its order of bytes", () => changed(elf(HERE), 5, 0)],
    ["the version in its first bytes", () => changed(elf(HERE), 6, 0)],
    ["its type", () => changed(elf(HERE), 16, 9)],
    ["its version", () => changed(elf(HERE), 20, 2)],
    ["the size of an entry", () => changed(elf(HERE), 54, 32)],
    ["the number of entries", () => changed(elf(HERE), 56, 0)],
    ["its loader, which has no name", () => withLoader("\0")],
    ["its loader, whose name has no end", () => withLoader("/lib/ld.so")],
  ])("[F23, O25] a program whose header makes no sense: %s", async (_what, make) => {
    const file = put("tool", make());
    expect(await why("./tool")).toBe(`"${file}" begins like a program, and its header makes no sense\n  Copy or build it anew.`);
  });

  test("[F23, O25] a table beyond the file", async () => {
    const header = elf(HERE);
    header.fill(0xff, 32, 40);
    const file = put("tool", header);
    expect(await why("./tool")).toBe(`"${file}" is a program that was cut short\n  Copy or build it anew.`);
  });

  test("[F23, O25] a first line longer than the system reads", async () => {
    const file = put("tool", `#!/${"x".repeat(300)}\n`);
    expect(await why("./tool")).toBe(
      `the first line of "${file}" is longer than the 256 bytes that the system reads of it\n  Write a shorter path.`,
    );
  });

  test("[F23, O25] an interpreter that is neither a program nor a script, which a C library would run through a shell", async () => {
    const inner = put("inner", "echo hello\n");
    const file = put("tool", `#!${inner}\n`);
    expect(await why("./tool")).toBe(
      `the interpreter "${inner}" that the first line of "${file}" names cannot be run: ` +
        `"${inner}" is neither a program nor a script with a "#!" line\n  Begin a script with its interpreter, as in #!/usr/bin/env python3`,
    );
  });

  test("[F23, O25] more interpreters one after another than the system follows", async () => {
    const scripts = ["/bin/sh"];
    for (let depth = 0; depth < 6; depth++) scripts.push(put(`script-${depth}`, `#!${scripts.at(-1)}\n`));
    expect((await find("./script-4")).file).toBe(scripts[5]);
    expect(await why("./script-5")).toMatch(/script-0" names cannot be run: the system follows at most 5 of them$/);
  });
});

describe("findExecutable() takes", () => {
  test("the programs of this system, with a loader and without", async () => {
    for (const name of ["sh", "env", "ls"]) expect((await find(name)).args).toEqual([]);
    expect((await find([process.execPath])).file).toBe(process.execPath);
    for (const make of [elf(HERE), withLoader("/lib/ld.so\0"), changed(elf(HERE), 16, 3)]) {
      const file = put("tool", make);
      expect((await find("./tool")).file).toBe(file);
    }
  });
});

const HERE = { x64: 62, arm64: 183, riscv64: 243, loong64: 258, ppc64: 21 }[process.arch as string] ?? 62;

/** A little-endian program of 64 bits for a machine, as short as there is: a header, and one entry that says nothing. */
function elf(machine: number): Buffer {
  const bytes = Buffer.alloc(120);
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeUInt16LE(2, 16);
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeUInt8(64, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  return bytes;
}

/** The same, loaded by another. */
function withLoader(path: string): Buffer {
  const bytes = elf(HERE);
  bytes.writeUInt32LE(3, 64);
  bytes.writeUInt8(120, 72);
  bytes.writeUInt8(path.length, 96);
  return Buffer.concat([bytes, Buffer.from(path)]);
}

function changed(bytes: Buffer, at: number, value: number): Buffer {
  bytes.writeUInt8(value, at);
  return bytes;
}
