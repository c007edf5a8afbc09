import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { discoverPlugins } from "../../src/index.js";
import { gate } from "../kit/gate.js";
import { tempTree } from "./temp-tree.js";

gate();
const tree = tempTree("directories");

test("[O37] of a name that several directories have the later one's is taken, and each plugin is there once, sorted by name", async () => {
  const [kv, log] = [tree.file("system/kv.js"), tree.file("system/log", 0o755)];
  const [own, extra] = [tree.file("own/kv.mjs"), tree.file("own/extra/plugin.js")];
  const [system, mine] = [join(tree.dir, "system"), join(tree.dir, "own")];
  const glob = "{*,*/plugin.js}";
  expect(await discoverPlugins([system, mine], { glob })).toEqual({
    plugins: [
      { name: "extra", command: extra },
      { name: "kv", command: own },
      { name: "log", command: log },
    ],
    problems: [],
  });
  expect((await discoverPlugins([mine, join(tree.dir, "missing"), system])).plugins.map(({ command }) => command)).toEqual([kv, log]);
});

test("[F118] two files of one name, also where they differ by case alone: the first in order is taken, and the other is told with both", async () => {
  const [upper, lower, ending] = [tree.file("a/KV.js"), tree.file("a/kv.js"), tree.file("a/kv.mjs")];
  const later = tree.file("b/kV.js");
  const { plugins, problems } = await discoverPlugins([join(tree.dir, "a")]);
  expect(plugins).toEqual([{ name: "KV", command: upper }]);
  expect(problems).toEqual(
    [lower, ending].map((path) => ({
      path,
      reason: "duplicate-name",
      message: `Left out "${path}": the plugin name "kv" is taken by "${upper}"\n  Rename one of them.`,
    })),
  );
  const both = await discoverPlugins([join(tree.dir, "a"), join(tree.dir, "b")]);
  expect([both.plugins, both.problems.length]).toEqual([[{ name: "kV", command: later }], 2]);
});

test("[O37] what is wrong in any of the directories is told together, and keeps no other plugin out", async () => {
  const fine = tree.file("a/fine.js");
  const [odd, open] = [tree.file("a/-odd name.js"), tree.file("a/open.js", 0o666)];
  tree.file("b/kv.js");
  const shared = join(tree.dir, "b");
  chmodSync(shared, 0o777);
  const { plugins, problems } = await discoverPlugins([join(tree.dir, "a"), shared]);
  expect(plugins).toEqual([{ name: "fine", command: fine }]);
  expect(problems.map(({ path, reason }) => [path, reason]).sort()).toEqual(
    [
      [odd, "bad-name"],
      [open, "insecure"],
      [shared, "insecure"],
    ].sort(),
  );
  expect(problems.find(({ path }) => path === odd)?.message).toBe(
    `Left out "${odd}": a plugin cannot be named "-odd name"\n  a name is letters, digits, dots, underscores and dashes, and begins with a letter or a digit.`,
  );
  const all = await discoverPlugins([join(tree.dir, "a"), shared], { allowInsecure: true });
  expect(all.plugins.map(({ name }) => name)).toEqual(["fine", "kv", "open"]);
});

test("[F119] thousands of files of which some appear, change and disappear meanwhile: what was there all along is found once, and nothing throws", async () => {
  const dir = join(tree.dir, "many");
  mkdirSync(dir);
  for (let n = 0; n < 2_000; n++) writeFileSync(join(dir, `p${n}.js`), "");
  let over = false;
  const mutating = (async () => {
    for (let n = 0; !over; n++) {
      const passing = join(dir, `passing${n % 50}.js`);
      await writeFile(passing, "x");
      await writeFile(join(dir, `p${n % 2_000}.js`), "changed");
      await unlink(passing);
    }
  })();
  const { plugins } = await discoverPlugins([dir]);
  over = true;
  await mutating;
  const stable = plugins.filter(({ name }) => name.startsWith("p") && !name.startsWith("passing"));
  expect([stable.length, new Set(plugins.map(({ name }) => name)).size]).toEqual([2_000, plugins.length]);
  rmSync(dir, { recursive: true });
});

test.each<[string, unknown, unknown, string]>([
  ["no list", "plugins", undefined, 'directories is "plugins", and it must be a list of paths or file: URLs'],
  ["no path", ["a", 5], undefined, "directories[1] is 5, and it must be a directory's path or file: URL"],
  ["a glob that is none", ["a"], { glob: "" }, 'glob is "", and it must be a text that is not empty'],
  ["an option that is unknown", ["a"], { globs: "*" }, 'there is no option "globs"; did you mean "glob"?'],
])("discoverPlugins() refuses %s", async (_, directories, options, problem) => {
  await expect(discoverPlugins(directories as never, options as never)).rejects.toThrow(`Cannot discover plugins: ${problem}`);
});
