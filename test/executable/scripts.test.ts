import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findExecutable } from "../../src/executable/executable.js";
import type { ScriptOptions } from "../../src/executable/runner.js";
import { runsTypeScript } from "../../src/executable/typescript.js";
import { rejection } from "../kit/fixtures.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "x-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

function put(name: string, content: string, mode = 0o644): string {
  const file = join(dir, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}
const find = (name: string, options: ScriptOptions = {}, path = `${dir}/bin:/usr/bin:/bin`) =>
  findExecutable([name, "--x"], { cwd: dir, path }, options);

/** A process in the place of this one, for as long as something runs. */
async function as<T>(fields: object, run: () => Promise<T>): Promise<T> {
  const { process: real } = globalThis;
  const own = Object.entries(fields).map(([name, value]) => [name, { value: value as unknown }]);
  globalThis.process = Object.create(real, Object.fromEntries(own) as PropertyDescriptorMap) as NodeJS.Process;
  try {
    return await run();
  } finally {
    globalThis.process = real;
  }
}
const ELECTRON = { versions: { ...process.versions, electron: "40.0.0" } };
const PKG = { pkg: {} };

describe("a script is run", () => {
  test("[F23] by the interpreter that is given, found as a command is, with its arguments and execArgv before the script", async () => {
    const script = put("plugin.ts", "");
    const sh = { args: [script, "--x"], source: script, env: {} };
    expect(await find("plugin.ts", { interpreter: ["/bin/sh"] })).toEqual({ ...sh, file: "/bin/sh", runner: ["/bin/sh"] });
    mkdirSync(join(dir, "bin"));
    const tool = put("bin/tool", "#!/bin/sh\n", 0o755);
    for (const name of ["tool", "./bin/tool", tool]) {
      const found = await find("plugin.ts", { interpreter: [name, "run"], execArgv: ["-A"] });
      expect(found).toEqual({ file: tool, args: ["run", "-A", script, "--x"], source: script, runner: [tool, "run", "-A"], env: {} });
    }
  });

  test("[F23] by no interpreter that cannot be run", async () => {
    put("plugin.js", "");
    const { message } = await rejection(find("plugin.js", { interpreter: ["gone"] }));
    expect(message).toBe(
      'its interpreter cannot be run: there is no program "gone" on its PATH\n  Write "./gone" for a file in the client\'s cwd.',
    );
  });

  test("[F23] by an application of Electron that is told to be Node.js, as its first argument or as a command", async () => {
    const script = put("plugin.cjs", "");
    await as(ELECTRON, async () => {
      const env = { ELECTRON_RUN_AS_NODE: "1" };
      expect(await find("plugin.cjs")).toEqual({
        file: process.execPath,
        args: [script, "--x"],
        source: script,
        runner: [process.execPath],
        env,
      });
      const listed = await findExecutable([process.execPath, "./plugin.cjs"], { cwd: dir, path: "" });
      expect(listed).toMatchObject({ file: process.execPath, args: ["./plugin.cjs"], env });
      expect(await findExecutable([process.execPath, "--flag"], { cwd: dir, path: "" })).toMatchObject({ env: {} });
    });
  });

  test("[F23] by the Node.js on PATH, where this program is an executable of its own; never by itself", async () => {
    const script = put("plugin.mjs", "");
    mkdirSync(join(dir, "bin"));
    symlinkSync("/bin/sh", join(dir, "bin/node"));
    await as(PKG, async () => {
      expect(await find("plugin.mjs", { execArgv: ["--y"] })).toMatchObject({ file: join(dir, "bin/node"), args: ["--y", script, "--x"] });
    });
    await as({ ...PKG, execPath: join(dir, "bin/node") }, async () => {
      const error = await rejection(find("plugin.mjs", {}, `${dir}/bin`));
      expect(error.message).toBe(
        `"${script}" is run by Node.js, and there is none: this program is an executable made by pkg, and no "node" is on the plugin's PATH` +
          '\n  Name one, as in interpreter: "/usr/bin/node".',
      );
      expect(error["reason"]).toBe("missing");
    });
  });

  test("[F23] with execArgv before it, and with the options of this Node.js that concern loading where there is none", async () => {
    const script = put("plugin.js", "");
    expect(await find("plugin.js", { execArgv: ["--expose-gc"] })).toMatchObject({ args: ["--expose-gc", script, "--x"] });
    await as({ execArgv: ["--inspect", "--conditions", "x"], argv: [process.execPath, "/app/host.js"] }, async () => {
      expect(await find("plugin.js")).toMatchObject({
        args: ["--conditions", "x", script, "--x"],
        runner: [process.execPath, "--conditions", "x"],
      });
      expect(await find("plugin.js", { execArgv: [] })).toMatchObject({ args: [script, "--x"] });
    });
  });

  test("[F23] without those with which Vitest starts its workers", async () => {
    const script = put("plugin.js", "");
    expect(process.execArgv).toContain("--conditions");
    expect(await find("plugin.js")).toMatchObject({ args: [script, "--x"] });
  });
});

describe("TypeScript is run", () => {
  const without = { argv: ["/usr/bin/node", "/app/host.js"], versions: {}, features: {} };
  const cannot = { versions: { ...process.versions }, features: {}, getBuiltinModule: () => undefined };

  test.each([
    ["Bun", { versions: { bun: "1.4.0" } }],
    ["Deno", { versions: { deno: "2.9.0" } }],
    ["Node.js that does it by itself", { features: { typescript: "strip" } }],
    ["a host that is TypeScript", { argv: ["/usr/bin/node", "/app/host.mts"] }],
    ["tsx", { getBuiltinModule: () => ({ _extensions: { ".js": 0, ".ts": 0 } }) }],
  ])("[F23] by %s", (_, own) => {
    expect(runsTypeScript([], { ...without, ...own })).toBe(true);
  });

  test("[F23] by what is loaded into the plugin, and not by what is not", () => {
    for (const option of ["--import", "--import=tsx", "-r", "--loader", "--experimental-strip-types"]) {
      expect(runsTypeScript([option, "x"], without)).toBe(true);
    }
    expect(runsTypeScript(["--expose-gc", "", "--requires"], without)).toBe(false);
    expect(
      runsTypeScript([], { ...without, features: { typescript: false }, getBuiltinModule: () => ({ _extensions: { ".js": 0 } }) }),
    ).toBe(false);
  });

  test("[F23] as any script, where it is; else it is refused, with what to do", async () => {
    for (const name of ["plugin.ts", "plugin.mts", "plugin.cts"]) {
      const script = put(name, "");
      await as({ ...cannot, features: { typescript: "strip" } }, async () => {
        expect(await find(name)).toMatchObject({ file: process.execPath, args: [script, "--x"] });
      });
      await as(cannot, async () => {
        const error = await rejection(find(name));
        expect(error.message).toBe(
          `"${script}" is TypeScript, which this Node.js (${process.versions.node}) does not run\n` +
            '  Name the compiled .js file; or install tsx and give execArgv: ["--import", "tsx"]. Node.js from 22.18 on runs it as it is.',
        );
        expect(error["reason"]).toBe("format");
        expect(await find(name, { execArgv: ["--import", "tsx"] })).toMatchObject({ args: ["--import", "tsx", script, "--x"] });
        expect(await find(name, { nodeOptions: "--import tsx" })).toMatchObject({ args: [script, "--x"] });
      });
    }
  });

  test("[F23] by what its own first line names, where it is executable and nothing else is asked for", async () => {
    const script = put("plugin.ts", "#!/bin/sh\n", 0o755);
    await as(cannot, async () => {
      expect(await find("plugin.ts")).toMatchObject({ file: script, args: ["--x"], source: script, runner: [] });
      expect(await find("plugin.ts", { interpreter: ["/bin/sh"] })).toMatchObject({ file: "/bin/sh" });
    });
    put("plugin.ts", "0;\n", 0o755);
    await as({ ...cannot, features: { typescript: "strip" } }, async () => {
      expect(await find("plugin.ts")).toMatchObject({ file: process.execPath });
    });
  });
});
