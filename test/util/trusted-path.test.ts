import { expect, test } from "vitest";
import { faultOf, follow, type Link, type LookingAtLinks, type Ownership } from "../../src/util/trusted-path.js";

const ME = 1_000;
const MY_GROUP = 1_000;

const STICKY = { mode: 0o041777 };
const OPEN = { mode: 0o040777 };

/** A file system of a few paths; what is not listed is root's, 0755, and no link. */
function looking(entries: Readonly<Record<string, Partial<Ownership>>> = {}, links: Readonly<Record<string, Link>> = {}): LookingAtLinks {
  const look = async (path: string) => ({ mode: 0o755, uid: 0, gid: 0, ...entries[path] });
  return { uid: ME, gid: MY_GROUP, look, readLink: async (path) => links[path] };
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

test("[F115] where others cannot replace what is not theirs they may write, on the way to a path alone", async () => {
  const sticky = looking({ "/tmp": STICKY });
  expect(await faultOf("/tmp", sticky)).toBe('every user can write to "/tmp"');
  expect(await faultOf("/tmp", sticky, true)).toBe(undefined);
  expect(await follow("/tmp/a/b", sticky)).toEqual({ real: "/tmp/a/b" });
});

test("[F115] every directory on the way counts, with its owner, and what the path itself leads to does not", async () => {
  expect(await follow("/a/b/c", looking({ "/a": OPEN }))).toEqual({ fault: 'every user can write to "/a"' });
  expect(await follow("/a/b/c", looking({ "/a/b": { uid: 7 } }))).toEqual({ fault: '"/a/b" belongs to user 7' });
  expect(await follow("/a/b/c", looking({ "/a/b/c": { uid: 7 } }))).toEqual({ real: "/a/b/c" });
  expect(await follow("/", looking())).toEqual({ real: "/" });
});

test("[F44, F115] links are followed as the system does", async () => {
  const links = {
    "/bin": { target: "usr/bin", uid: 0 },
    "/usr/bin/x": { target: "../lib/./x.js", uid: 7 },
    "/opt": { target: "/bin/x", uid: 0 },
  };
  expect(await follow("/bin/x", looking({}, links))).toEqual({ real: "/usr/lib/x.js" });
  expect(await follow("/opt", looking({}, links))).toEqual({ real: "/usr/lib/x.js" });
});

test("[F44, F115] the directory that a link is in counts, and each on the way that it leads", async () => {
  const links = { "/open/l": { target: "/safe", uid: ME }, "/safe/m": { target: "../open/x/../../safe", uid: ME } };
  const open = looking({ "/open": OPEN }, links);
  expect(await follow("/open/l/p", open)).toEqual({ fault: 'every user can write to "/open"' });
  expect(await follow("/safe/m/p", open)).toEqual({ fault: 'every user can write to "/open"' });
  expect(await follow("/safe/p", open)).toEqual({ real: "/safe/p" });
});

test("[F44, F115] a link where everybody can make one must be a trusted user's", async () => {
  for (const [uid, way] of [
    [ME, { real: "/safe/p" }],
    [0, { real: "/safe/p" }],
    [7, { fault: 'the link "/tmp/l" belongs to user 7' }],
  ] as const) {
    expect(await follow("/tmp/l/p", looking({ "/tmp": STICKY }, { "/tmp/l": { target: "/safe", uid } }))).toEqual(way);
    expect(await follow("/opt/l/p", looking({}, { "/opt/l": { target: "/safe", uid } }))).toEqual({ real: "/safe/p" });
  }
});

test("[F114, F115] links that lead in a circle come to an end", async () => {
  expect(await follow("/l", looking({}, { "/l": { target: "l", uid: 0 } }))).toEqual({ fault: '"/l" leads through more than 40 links' });
});

test("[F115] whoever owns the root of the file system is trusted, as in a container that knows root by another number", async () => {
  const container = looking({ "/": { uid: 65_534 }, "/usr": { uid: 65_534 }, "/usr/x": { uid: ME } });
  expect(await faultOf("/usr", container)).toBe(undefined);
  expect(await follow("/usr/x/y", container)).toEqual({ real: "/usr/x/y" });
});
