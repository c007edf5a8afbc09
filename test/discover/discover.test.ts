import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { discover } from "../../src/index.js";
import { cpuMs } from "../kit/cpu-time.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { tempTree } from "./temp-tree.js";

gate();
const before = process.cwd();
const tree = tempTree("discover");
afterEach(() => process.chdir(before));

test("[O6] discover() gives absolute paths, sorted, of files that are executable or end in .js, .mjs or .cjs", async () => {
  const wanted = [
    tree.file("kv.js"),
    tree.file("a.mjs"),
    tree.file("old.cjs"),
    tree.file("Zeta", 0o755),
    tree.file("log.py", 0o755),
  ].sort();
  tree.file("notes.txt");
  tree.file("types.ts");
  expect(await discover("*", tree.dir)).toEqual(wanted);
});

test("[O6] a pattern picks names, alternatives, characters and directories below", async () => {
  const [kv, log, deep] = [tree.file("kv.js"), tree.file("log.js"), tree.file("a/b/plugin-x.mjs")];
  expect(await discover("{kv,log}.js", tree.dir)).toEqual([kv, log]);
  expect(await discover("[a-k]?.js", tree.dir)).toEqual([kv]);
  expect(await discover("**/plugin-*.mjs", tree.dir)).toEqual([deep]);
  expect(await discover("a/*/*", tree.dir)).toEqual([deep]);
  expect(await discover("kv.js", tree.dir)).toEqual([kv]);
});

test("[O6] the directory may be relative, `.`, left out, or a URL, and hold characters that mean something in a pattern", async () => {
  const path = tree.file("plug [ins] {1}/kv.js");
  process.chdir(tree.dir);
  expect(await discover("*.js", "plug [ins] {1}")).toEqual([path]);
  expect(await discover("*.js", pathToFileURL(dirname(path)))).toEqual([path]);
  process.chdir(dirname(path));
  expect(await discover("*.js", ".")).toEqual([path]);
  expect(await discover("*.js")).toEqual([path]);
});

test("[O6] no match is []; a directory that is none, or is not there, is an error", async () => {
  expect(await discover("*.js", tree.dir)).toEqual([]);
  const missing = await rejection(discover("*.js", join(tree.dir, "missing")));
  expect([missing["code"], missing.message]).toEqual([
    "NOT_FOUND",
    `Cannot discover plugins in "${tree.dir}/missing": there is no such directory\n  Make it, or name another.`,
  ]);
  const file = await rejection(discover("*.js", tree.file("kv.js"), { allowInsecure: true }));
  expect([file["code"], file.message]).toEqual([
    "NOT_FOUND",
    `Cannot discover plugins in "${tree.dir}/kv.js": it is no directory\n  Name the directory it is in.`,
  ]);
});

test("[O6] a literal path leads where it is written, through a link and a name with a dot, too; its end is no link", async () => {
  const real = tree.file("real/kv.js");
  const hidden = tree.file(".hidden/kv.js");
  symlinkSync(join(tree.dir, "real"), join(tree.dir, "linked"));
  expect(await discover("real/kv.js", tree.dir)).toEqual([real]);
  symlinkSync(real, join(tree.dir, "link.js"));
  expect(await discover("linked/kv.js", tree.dir)).toEqual([join(tree.dir, "linked/kv.js")]);
  expect(await discover("link.js", tree.dir)).toEqual([]);
  expect(await discover("link.js", tree.dir, { followLinks: true })).toEqual([join(tree.dir, "link.js")]);
  expect(await discover(".hidden/kv.js", tree.dir)).toEqual([hidden]);
  expect(await discover("*/kv.js", tree.dir)).toEqual([real]);
});

test("[O6, W20] with followLinks links are taken, to files and packages, and no loop is", async () => {
  const real = tree.file("store/one@1/node_modules/one/plugin.js");
  tree.file("workspace/two/plugin.js");
  mkdirSync(join(tree.dir, "node_modules"));
  const link = (name: string, target: string): void => symlinkSync(target, join(tree.dir, name));
  link("node_modules/one", dirname(real));
  link("node_modules/two", "../workspace/two");
  link("workspace/two/up", "..");
  link("workspace/two/self", ".");
  link("node_modules/linked.js", "../workspace/two/plugin.js");
  const inModules = (name: string): string => join(tree.dir, "node_modules", name);
  const followLinks = true;
  expect(await discover("node_modules/*/plugin.js", tree.dir)).toEqual([]);
  expect(await discover("node_modules/*/plugin.js", tree.dir, { followLinks })).toEqual(["one/plugin.js", "two/plugin.js"].map(inModules));
  expect(await discover("node_modules/**/*.js", tree.dir, { followLinks })).toEqual(
    ["linked.js", "one/plugin.js", "two/plugin.js"].map(inModules),
  );
});

test("[O6] onRefused is told of everything that matched and was left out, and of links that lead further", async () => {
  const refusedOf = async (glob: string, options: object = {}): Promise<Record<string, string>> => {
    const refused: Record<string, string> = {};
    const onRefused = (path: string, why: string): void => void (refused[relative(tree.dir, path)] = why.replaceAll(`${tree.dir}/`, ""));
    await discover(glob, tree.dir, { onRefused, ...options });
    return refused;
  };
  const real = tree.file("real/kv.js");
  tree.file("notes.txt");
  symlinkSync(dirname(real), join(tree.dir, "linked"));
  symlinkSync(real, join(tree.dir, "link.js"));
  symlinkSync("nowhere", join(tree.dir, "dangling.js"));
  const links = { "dangling.js": "it is a link", "link.js": "it is a link", linked: "it is a link" };
  const notes = "it is not executable, and does not end in .js, .mjs or .cjs";
  expect(await refusedOf("*")).toEqual({ ...links, "notes.txt": notes, real: "it is a directory" });
  expect(await refusedOf("*/*.js")).toEqual({ linked: "it is a link, and what is behind it was not looked at" });
  expect(await refusedOf("{linked,real}/*.js")).toEqual({});
});

test("[O6, F114] links, directories named like plugins and files that nobody may run are left out, by name too", async () => {
  const real = tree.file("real.js");
  mkdirSync(join(tree.dir, "directory.js"));
  symlinkSync(real, join(tree.dir, "link.js"));
  symlinkSync("/etc/passwd", join(tree.dir, "passwd.js"));
  symlinkSync(join(tree.dir, "nowhere"), join(tree.dir, "dangling.js"));
  tree.file("not-executable");
  expect(await discover("*", tree.dir)).toEqual([real]);
  for (const name of ["directory.js", "link.js", "passwd.js", "dangling.js", "not-executable"])
    expect(await discover(name, tree.dir)).toEqual([]);
});

test("[F114] a link that makes a loop is not followed", async () => {
  const real = tree.file("sub/real.js");
  symlinkSync(tree.dir, join(tree.dir, "sub/loop"));
  expect(await discover("**/*.js", tree.dir)).toEqual([real]);
});

test.runIf(process.getuid?.() !== 0)("[F114] a directory that cannot be read is left out", async () => {
  tree.file("closed/kv.js");
  chmodSync(join(tree.dir, "closed"), 0);
  expect(await discover("**/*.js", tree.dir)).toEqual([]);
  chmodSync(join(tree.dir, "closed"), 0o700);
});

test("[F116] names with a newline or an escape come back as they are", async () => {
  const path = tree.file("a\nb\x1b[31m.js");
  expect(await discover("*.js", tree.dir)).toEqual([path]);
});

const cases: readonly (readonly [string, string])[] = [
  ["", 'Cannot discover plugins: glob is "", and it must be a text that is not empty'],
  [5 as never, "Cannot discover plugins: glob is 5, and it must be a text that is not empty"],
  ["plug\0ins/*.js", "Cannot discover plugins: glob holds a NUL character, which is in no file's name"],
  ["*\0.js", "Cannot discover plugins: glob holds a NUL character, which is in no file's name"],
  ["{a,b}".repeat(18), "Cannot discover plugins: glob has more than 4 braces"],
  [`{${"a,".repeat(17)}a}`, "Cannot discover plugins: glob has more than 16 commas"],
  ["{1..1000000}", "Cannot discover plugins: glob has a range in braces: write out what it stands for"],
  ["{a..z}{a..z}", "Cannot discover plugins: glob has a range in braces: write out what it stands for"],
  ["{a,{b,{c,d}}}".repeat(6), "Cannot discover plugins: glob has more than 4 braces"],
  ["*a".repeat(8), "Cannot discover plugins: glob has more than 3 stars in one name"],
  ["{*a/,*a}{*a/,*a}", "Cannot discover plugins: glob has more than 3 stars in one name"],
  ["*/".repeat(13), "Cannot discover plugins: glob has more than 12 stars"],
  ["+(a|aa)b", "Cannot discover plugins: glob has parentheses, which can match for ever: use *, **, ?, [abc] and {a,b}"],
];

test.for(cases)("[F117] a pattern that could keep the matcher busy is refused: %j", async ([glob, sentence]) => {
  await expect(discover(glob, tree.dir)).rejects.toThrow(new TypeError(sentence));
});

test("[F117] the worst pattern that is taken is matched at once", async () => {
  tree.file(`${"a".repeat(200)}!`, 0o755);
  const begun = cpuMs();
  expect(await discover(`${"{a,b,c,d,e}".repeat(4)}x`, tree.dir)).toEqual([]);
  expect(await discover("{a".repeat(4) + ",b,c,d,e}".repeat(4), tree.dir)).toEqual([]);
  expect(await discover("*a*a*a", tree.dir)).toEqual([]);
  expect(cpuMs() - begun).toBeLessThan(5_000);
});

const directories: readonly (readonly [unknown, string])[] = [
  ["a\0b", '"a\\u0000b"'],
  [new URL("file:///a%00b"), '"file:///a%00b"'],
  [new URL("file:///a%2Fb"), '"file:///a%2Fb"'],
  [new URL("http://x/"), '"http://x/"'],
  ["", '""'],
  [5, "5"],
  [null, "null"],
  [Symbol("s"), "Symbol(s)"],
];

test.for(directories)("[O6, F25] a directory that no system could be given is refused: %s", async ([dir, shown]) => {
  const sentence = `Cannot discover plugins: dir is ${shown}, and it must be a directory's path or file: URL`;
  await expect(discover("*", dir as string)).rejects.toThrow(new TypeError(sentence));
  // Without a look at its permissions the directory is read first.
  await expect(discover("*", dir as string, { allowInsecure: true })).rejects.toThrow(new TypeError(sentence));
});

const options: readonly (readonly [unknown, string])[] = [
  [null, "the options are null, and must be an object"],
  [5, "the options are 5, and must be an object"],
  [[], "the options are a list, and must be an object"],
  [{ allowInsecur: true }, 'there is no option "allowInsecur"; did you mean "allowInsecure"?'],
  [{ insecure: true }, 'there is no option "insecure"; the options are allowInsecure, followLinks, onRefused'],
  [{ allowInsecure: 1 }, "allowInsecure is 1, and it must be true or false"],
  [{ onRefused: true }, "onRefused is true, and it must be a function"],
];

test.for(options)("[R30] discover() refuses options that it does not have: %s", async ([given, fault]) => {
  await expect(discover("*", tree.dir, given as object)).rejects.toThrow(new TypeError(`Cannot discover plugins: ${fault}`));
});
