import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { discover } from "../../src/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { NOBODY, whyNoNobody } from "../kit/nobody.js";
import { tempTree } from "./temp-tree.js";

gate();
const tree = tempTree("permissions");

async function refusals(glob: string): Promise<{ found: string[]; refused: string[][] }> {
  const refused: string[][] = [];
  const found = await discover(glob, tree.dir, { onRefused: (path, why) => refused.push([path, why]) });
  return { found, refused };
}

test("[F115] a file that every user can write to is left out, and said to be", async () => {
  const [good, bad] = [tree.file("good.js"), tree.file("bad.js", 0o666)];
  expect(await discover("*.js", tree.dir)).toEqual([good]);
  expect(await refusals("*.js")).toEqual({ found: [good], refused: [[bad, `every user can write to "${bad}"`]] });
  expect(await discover("*.js", tree.dir, { allowInsecure: true })).toEqual([bad, good]);
});

test("[F115] a file in a directory that every user can write to is left out, however deep it is", async () => {
  const [good, bad, deep] = [tree.file("ours/x.js"), tree.file("theirs/x.js"), tree.file("theirs/a/b/x.js")];
  chmodSync(join(tree.dir, "theirs"), 0o1777);
  const why = `every user can write to "${join(tree.dir, "theirs")}"`;
  expect(await refusals("**/*.js")).toEqual({
    found: [good],
    refused: [
      [deep, why],
      [bad, why],
    ],
  });
});

for (const mode of [0o777, 0o1777]) {
  test(`[F115] a directory of mode ${mode.toString(8)} is refused, whether there is something in it or not`, async () => {
    chmodSync(tree.dir, mode);
    const error = await rejection(discover("*.js", tree.dir));
    expect([error["code"], error.message]).toEqual([
      "UNAUTHORIZED",
      `Cannot discover plugins in "${tree.dir}": every user can write to "${tree.dir}", so what is in there may be somebody else's\n` +
        "  Take that right away (chmod go-w, chown), or pass allowInsecure: true.",
    ]);
    const path = tree.file("x.js");
    expect(await discover("*.js", tree.dir, { allowInsecure: true })).toEqual([path]);
  });
}

test("[F115] a directory is refused where one above it can be written to by others, and taken below /tmp", async () => {
  const path = tree.file("plugins/x.js");
  chmodSync(tree.dir, 0o777);
  const error = await rejection(discover("*.js", join(tree.dir, "plugins")));
  expect(error.message).toContain(`: every user can write to "${tree.dir}", so`);
  chmodSync(tree.dir, 0o1777);
  expect(await discover("*.js", join(tree.dir, "plugins"))).toEqual([path]);
});

test("[F115] a pattern that leads out of the directory is looked at as well", async () => {
  const outside = tree.file("outside/x.js");
  mkdirSync(join(tree.dir, "plugins"));
  expect(await discover("../outside/*.js", join(tree.dir, "plugins"))).toEqual([outside]);
  chmodSync(join(tree.dir, "outside"), 0o777);
  expect(await discover("../outside/*.js", join(tree.dir, "plugins"))).toEqual([]);
});

test("[F44, F115] a directory is refused where others can change a link on the way to it, and files where a pattern leads through one", async () => {
  const path = tree.file("plugins/x.js");
  const open = join(tree.dir, "open");
  mkdirSync(open);
  symlinkSync(join(tree.dir, "plugins"), join(open, "link"));
  expect(await discover("*.js", join(open, "link"))).toEqual([join(open, "link/x.js")]);
  expect(await refusals("{open/link,plugins}/*.js")).toEqual({ found: [join(open, "link/x.js"), path], refused: [] });
  chmodSync(open, 0o777);
  const why = `every user can write to "${open}"`;
  expect((await rejection(discover("*.js", join(open, "link")))).message).toContain(`: ${why}, so`);
  expect(await refusals("{open/link,plugins}/*.js")).toEqual({ found: [path], refused: [[join(open, "link/x.js"), why]] });
  expect((await rejection(discover("*.js", join(tree.dir, "open/missing"))))["code"]).toBe("NOT_FOUND");
});

test.skipIf(whyNoNobody !== undefined)("[F44, F115] a link of another user is refused where everybody can make one", async () => {
  tree.file("plugins/x.js");
  const link = join(tree.dir, "open/link");
  mkdirSync(join(tree.dir, "open"));
  symlinkSync(join(tree.dir, "plugins"), link);
  chmodSync(join(tree.dir, "open"), 0o1777);
  expect(await discover("*.js", link)).toEqual([join(link, "x.js")]);
  lchownSync(link, NOBODY, NOBODY);
  expect((await rejection(discover("*.js", link))).message).toContain(`: the link "${link}" belongs to user ${NOBODY}, so`);
});

test("[F115] what this user's own group can write to is taken: that is how many check out their sources", async () => {
  const path = tree.file("x.js", 0o664);
  chmodSync(tree.dir, 0o775);
  expect(await discover("*.js", tree.dir)).toEqual([path]);
});

test.skipIf(whyNoNobody !== undefined)("[F115] files and directories of other users and groups are left out and refused", async () => {
  const [good, bad, group] = [tree.file("good.js"), tree.file("bad.js"), tree.file("group.js", 0o664)];
  chownSync(bad, NOBODY, 0);
  chownSync(group, 0, NOBODY);
  expect(await refusals("*.js")).toEqual({
    found: [good],
    refused: [
      [bad, `"${bad}" belongs to user ${NOBODY}`],
      [group, `group ${NOBODY} can write to "${group}"`],
    ],
  });
  chownSync(tree.dir, NOBODY, NOBODY);
  expect((await rejection(discover("*.js", tree.dir))).message).toContain(`: "${tree.dir}" belongs to user ${NOBODY}, so`);
});
