import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadingOptions } from "../../src/executable/loading-options.js";

let own: string;
beforeAll(() => {
  own = realpathSync(mkdtempSync(join(tmpdir(), "own-")));
  for (const name of ["hook.mjs", "hook.cjs"]) writeFileSync(join(own, name), "");
  pack("both", { exports: "./index.js" });
  pack("modern", { exports: { import: "./index.js" } });
});
afterAll(() => rmSync(own, { recursive: true }));

function pack(name: string, fields: object): void {
  const dir = join(own, "node_modules", name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, "package.json"), JSON.stringify({ name, ...fields }));
  writeFileSync(join(dir, "index.js"), "");
}
const options = (args: readonly string[], cwd = own): string[] => loadingOptions(args, own, cwd);

test("[F23] what concerns loading is handed on, in its order, and nothing else is", () => {
  const args = [
    "--inspect=0",
    "-C",
    "x",
    "--max-old-space-size=64",
    "--conditions=y",
    "--title",
    "--import",
    "data:text/javascript,0",
    "--test",
  ];
  expect(options(args)).toEqual(["-C", "x", "--conditions", "y", "--import", "data:text/javascript,0"]);
  expect(
    options(["--experimental-strip-types", "--no-experimental-require-module", "--preserve-symlinks-main", "--no-strip-types"]),
  ).toEqual(["--experimental-strip-types", "--no-experimental-require-module", "--preserve-symlinks-main", "--no-strip-types"]);
  expect(options([])).toEqual([]);
});

test("[F23] an option without its value, and one that only looks like a name, come to nothing", () => {
  expect(options(["--require"])).toEqual([]);
  expect(options(["--imports", "x", "import", "-e", "0"])).toEqual([]);
});

test("[F23] paths are made absolute, so that they lead to the same file from another directory", () => {
  const url = pathToFileURL(join(own, "hook.mjs")).href;
  expect(options(["--import", "./hook.mjs", "--loader=./hook.mjs", "-r", "./hook.cjs", "--require=./hook.cjs"], "/")).toEqual([
    ...["--import", url, "--loader", url, "-r", join(own, "hook.cjs"), "--require", join(own, "hook.cjs")],
  ]);
  expect(options(["--import", url, "--require", join(own, "hook.cjs")], "/")).toEqual([
    "--import",
    url,
    "--require",
    join(own, "hook.cjs"),
  ]);
});

test("[F23] a package goes by its name in the same directory, and by its file in another", () => {
  const file = join(own, "node_modules/both/index.js");
  expect(options(["--import", "both", "--import", "modern"])).toEqual(["--import", "both", "--import", "modern"]);
  expect(options(["--import", "both", "--require", "both"], "/")).toEqual(["--import", pathToFileURL(file).href, "--require", file]);
});

test("[F23] what cannot be found from here is left out: a plugin would not start with it", () => {
  expect(options(["--import", "./gone.mjs", "--require", "./gone.cjs", "--import", "gone", "--import=modern", "-C", "x"], "/")).toEqual([
    "-C",
    "x",
  ]);
});
