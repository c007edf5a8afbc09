import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { discover } from "../../src/index.js";
import { rejection } from "../kit/fixtures.js";
import { gate } from "../kit/gate.js";
import { NOBODY, whyNoNobody } from "../kit/nobody.js";

gate();
let dir: string;
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "permissions-")));
});
afterEach(() => rmSync(dir, { recursive: true }));

function file(name: string, mode = 0o644): string {
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, mode);
  return path;
}

async function refusals(glob: string): Promise<{ found: string[]; refused: string[][] }> {
  const refused: string[][] = [];
  const found = await discover(glob, dir, { onRefused: (path, why) => refused.push([path, why]) });
  return { found, refused };
}

test("[F115] a file that every user can write to is left out, and said to be", async () => {
  const [good, bad] = [file("good.js"), file("bad.js", 0o666)];
  expect(await discover("*.js", dir)).toEqual([good]);
  expect(await refusals("*.js")).toEqual({ found: [good], refused: [[bad, `every user can write to "${bad}"`]] });
  expect(await discover("*.js", dir, { allowInsecure: true })).toEqual([bad, good]);
});

test("[F115] a file in a directory that every user can write to is left out, however deep it is", async () => {
  const [good, bad, deep] = [file("ours/x.js"), file("theirs/x.js"), file("theirs/a/b/x.js")];
  chmodSync(join(dir, "theirs"), 0o1777);
  const why = `every user can write to "${join(dir, "theirs")}"`;
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
    chmodSync(dir, mode);
    const error = await rejection(discover("*.js", dir));
    expect([error["code"], error.message]).toEqual([
      "UNAUTHORIZED",
      `Cannot discover plugins in "${dir}": every user can write to "${dir}", so what is in there may be somebody else's\n` +
        "  Take that right away (chmod go-w, chown), or pass allowInsecure: true.",
    ]);
    const path = file("x.js");
    expect(await discover("*.js", dir, { allowInsecure: true })).toEqual([path]);
  });
}

test("[F115] a directory is refused where one above it can be written to by others, and taken below /tmp", async () => {
  const path = file("plugins/x.js");
  chmodSync(dir, 0o777);
  const error = await rejection(discover("*.js", join(dir, "plugins")));
  expect(error.message).toContain(`: every user can write to "${dir}", so`);
  chmodSync(dir, 0o1777);
  expect(await discover("*.js", join(dir, "plugins"))).toEqual([path]);
});

test("[F115] a pattern that leads out of the directory is looked at as well", async () => {
  const outside = file("outside/x.js");
  mkdirSync(join(dir, "plugins"));
  expect(await discover("../outside/*.js", join(dir, "plugins"))).toEqual([outside]);
  chmodSync(join(dir, "outside"), 0o777);
  expect(await discover("../outside/*.js", join(dir, "plugins"))).toEqual([]);
});

test("[F115] what this user's own group can write to is taken: that is how many check out their sources", async () => {
  const path = file("x.js", 0o664);
  chmodSync(dir, 0o775);
  expect(await discover("*.js", dir)).toEqual([path]);
});

test.skipIf(whyNoNobody !== undefined)("[F115] files and directories of other users and groups are left out and refused", async () => {
  const [good, bad, group] = [file("good.js"), file("bad.js"), file("group.js", 0o664)];
  chownSync(bad, NOBODY, 0);
  chownSync(group, 0, NOBODY);
  expect(await refusals("*.js")).toEqual({
    found: [good],
    refused: [
      [bad, `"${bad}" belongs to user ${NOBODY}`],
      [group, `group ${NOBODY} can write to "${group}"`],
    ],
  });
  chownSync(dir, NOBODY, NOBODY);
  expect((await rejection(discover("*.js", dir))).message).toContain(`: "${dir}" belongs to user ${NOBODY}, so`);
});
