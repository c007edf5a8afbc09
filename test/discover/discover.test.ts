import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { discover } from "../../src/index.js";
import { gate } from "../kit/gate.js";

gate();
const before = process.cwd();
let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "discover-")));
});
afterEach(() => {
  process.chdir(before);
  rmSync(dir, { recursive: true });
});

function file(name: string, mode = 0o644): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, mode);
  return path;
}

test("[O6] discover() gives absolute paths, sorted, of files that are executable or end in .js or .mjs", async () => {
  const wanted = [file("kv.js"), file("a.mjs"), file("Zeta", 0o755), file("log.py", 0o755)].sort();
  file("notes.txt");
  file("types.ts");
  file("old.cjs");
  expect(await discover("*", dir)).toEqual(wanted);
});

test("[O6] a pattern picks names, alternatives, characters and directories below", async () => {
  const [kv, log, deep] = [file("kv.js"), file("log.js"), file("a/b/plugin-x.mjs")];
  expect(await discover("{kv,log}.js", dir)).toEqual([kv, log]);
  expect(await discover("[a-k]?.js", dir)).toEqual([kv]);
  expect(await discover("**/plugin-*.mjs", dir)).toEqual([deep]);
  expect(await discover("a/*/*", dir)).toEqual([deep]);
  expect(await discover("kv.js", dir)).toEqual([kv]);
});

test("[O6] the directory may be relative, `.`, left out, or a URL, and hold characters that mean something in a pattern", async () => {
  const path = file("plug [ins] {1}/kv.js");
  process.chdir(dir);
  expect(await discover("*.js", "plug [ins] {1}")).toEqual([path]);
  expect(await discover("*.js", pathToFileURL(dirname(path)))).toEqual([path]);
  process.chdir(dirname(path));
  expect(await discover("*.js", ".")).toEqual([path]);
  expect(await discover("*.js")).toEqual([path]);
});

test("[O6] no match, and a directory that does not exist, are []", async () => {
  expect(await discover("*.js", dir)).toEqual([]);
  expect(await discover("*.js", join(dir, "missing"))).toEqual([]);
});

test("[O6, F114] links, directories named like plugins and files that nobody may run are left out, by name too", async () => {
  const real = file("real.js");
  mkdirSync(join(dir, "directory.js"));
  symlinkSync(real, join(dir, "link.js"));
  symlinkSync("/etc/passwd", join(dir, "passwd.js"));
  symlinkSync(join(dir, "nowhere"), join(dir, "dangling.js"));
  file("not-executable");
  expect(await discover("*", dir)).toEqual([real]);
  for (const name of ["directory.js", "link.js", "passwd.js", "dangling.js", "not-executable"])
    expect(await discover(name, dir)).toEqual([]);
});

test("[F114] a link that makes a loop is not followed", async () => {
  const real = file("sub/real.js");
  symlinkSync(dir, join(dir, "sub/loop"));
  expect(await discover("**/*.js", dir)).toEqual([real]);
});

test.runIf(process.getuid?.() !== 0)("[F114] a directory that cannot be read is left out", async () => {
  file("closed/kv.js");
  chmodSync(join(dir, "closed"), 0);
  expect(await discover("**/*.js", dir)).toEqual([]);
  chmodSync(join(dir, "closed"), 0o700);
});

test("[F116] names with a newline or an escape come back as they are", async () => {
  const path = file("a\nb\x1b[31m.js");
  expect(await discover("*.js", dir)).toEqual([path]);
});

const cases: readonly (readonly [string, string])[] = [
  ["", "Cannot discover plugins: the glob must be a text that is not empty"],
  ["a".repeat(1_025), "Cannot discover plugins: the glob has more than 1024 characters"],
  ["{a,b}".repeat(18), "Cannot discover plugins: the glob has braces for more than 256 alternatives"],
  ["{1..1000000}", "Cannot discover plugins: the glob has braces for more than 256 alternatives"],
  ["{a..z}{a..z}", "Cannot discover plugins: the glob has braces for more than 256 alternatives"],
  ["{a,{b,{c,d}}}".repeat(6), "Cannot discover plugins: the glob has braces for more than 256 alternatives"],
  ["*a".repeat(8), "Cannot discover plugins: the glob has more than 3 stars in one name"],
  ["{*a/,*a}{*a/,*a}", "Cannot discover plugins: the glob has more than 3 stars in one name"],
  ["*/".repeat(13), "Cannot discover plugins: the glob has more than 12 stars"],
  ["+(a|aa)b", "Cannot discover plugins: the glob has parentheses, which can match for ever: use *, **, ?, [abc] and {a,b}"],
];

test.for(cases)("[F117] a pattern that could keep the matcher busy is refused: %j", async ([glob, sentence]) => {
  await expect(discover(glob, dir)).rejects.toThrow(new TypeError(sentence));
});

test("[F117] the worst pattern that is taken is matched at once", async () => {
  file(`${"a".repeat(200)}!`, 0o755);
  const begun = performance.now();
  expect(await discover(`${"{a,b}".repeat(8)}x`, dir)).toEqual([]);
  expect(await discover("*a*a*a", dir)).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(5_000);
});
