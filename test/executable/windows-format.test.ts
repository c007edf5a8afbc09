import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findExecutable } from "../../src/executable/executable.js";
import { rejection } from "../kit/fixtures.js";

const { platform } = process;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "x-"));
  Object.defineProperty(process, "platform", { value: "win32" });
});
afterEach(() => {
  Object.defineProperty(process, "platform", { value: platform });
  rmSync(dir, { recursive: true });
});

function put(name: string, content: string): string {
  writeFileSync(join(dir, name), content, { mode: 0o755 });
  return join(dir, name);
}
const find = (command: string) => findExecutable([command], { cwd: dir, path: dir });

test("on Windows a program is run, named with its ending or without on PATH", async () => {
  const file = put("tool.exe", "MZ");
  expect(await find("./tool.exe")).toMatchObject({ file, args: [] });
  expect(await find("tool")).toMatchObject({ file, args: [] });
});

test("[F23, O25] on Windows a batch file is refused by name, one found on PATH too: a shell would take its arguments apart", async () => {
  const file = put("tool.cmd", "@echo off");
  for (const command of ["./tool.cmd", "tool"]) {
    expect((await rejection(find(command))).message).toBe(
      `"${file}" is a batch file, which only a shell can run, and a plugin is started without one\n` +
        "  Name what it starts: the .exe file, or the .js file, which runs on this Node.js.",
    );
  }
  put("other.BAT", "");
  expect((await rejection(find("./other.BAT"))).message).toContain("is a batch file");
});

test("[F23, O25] on Windows a script is refused, whatever its first line says", async () => {
  for (const content of ["#!/usr/bin/env python3\n", ""]) {
    const file = put("plugin.py", content);
    expect((await rejection(find("./plugin.py"))).message).toBe(
      `"${file}" is no program of Windows\n  Name the interpreter of a script first, as in ["python", "plugin.py"].`,
    );
  }
});
