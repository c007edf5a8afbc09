import { expect, test } from "vitest";
import { faultAbove, faultOf, type Looking, type Ownership } from "../../src/util/trusted-path.js";

const ME = 1_000;
const MY_GROUP = 1_000;

/** A file system of a few paths; what is not listed is root's, 0755. */
function looking(entries: Readonly<Record<string, Partial<Ownership>>> = {}): Looking {
  return { uid: ME, gid: MY_GROUP, look: async (path) => ({ mode: 0o755, uid: 0, gid: 0, ...entries[path] }) };
}

test.each([
  [{ uid: ME, gid: MY_GROUP, mode: 0o100755 }],
  [{ uid: ME, gid: MY_GROUP, mode: 0o100775 }],
  [{ uid: ME, gid: 0, mode: 0o100775 }],
  [{ uid: 0, gid: 0, mode: 0o100700 }],
])("[F115] %j is nobody else's to change", async (entry) => {
  expect(await faultOf("/x", looking({ "/x": entry }))).toBe(undefined);
});

test.each([
  [{ uid: ME, gid: MY_GROUP, mode: 0o100757 }, 'every user can write to "/x"'],
  [{ uid: ME, gid: MY_GROUP, mode: 0o041777 }, 'every user can write to "/x"'],
  [{ uid: ME, gid: 50, mode: 0o100775 }, 'group 50 can write to "/x"'],
  [{ uid: 1_001, gid: MY_GROUP, mode: 0o100755 }, '"/x" belongs to user 1001'],
])("[F115] %j can be changed by others", async (entry, fault) => {
  expect(await faultOf("/x", looking({ "/x": entry }))).toBe(fault);
});

test("[F115] where others cannot replace what is not theirs they may write, above a path alone", async () => {
  const sticky = looking({ "/tmp": { mode: 0o041777 } });
  expect(await faultOf("/tmp", sticky)).toBe('every user can write to "/tmp"');
  expect(await faultOf("/tmp", sticky, true)).toBe(undefined);
  expect(await faultAbove("/tmp/a/b", sticky)).toBe(undefined);
});

test("[F115] every directory above a path counts, with its owner", async () => {
  expect(await faultAbove("/a/b/c", looking({ "/a": { mode: 0o040777 } }))).toBe('every user can write to "/a"');
  expect(await faultAbove("/a/b/c", looking({ "/a/b": { uid: 7 } }))).toBe('"/a/b" belongs to user 7');
  expect(await faultAbove("/a/b/c", looking({ "/a/b/c": { uid: 7 } }))).toBe(undefined);
});

test("[F115] whoever owns the root of the file system is trusted, as in a container that knows root by another number", async () => {
  const container = looking({ "/": { uid: 65_534 }, "/usr": { uid: 65_534 }, "/usr/x": { uid: ME } });
  expect(await faultOf("/usr", container)).toBe(undefined);
  expect(await faultAbove("/usr/x", container)).toBe(undefined);
});
