import { lstat, readlink, stat } from "node:fs/promises";
import { afterEach, expect, test, vi } from "vitest";
import { whyRefused } from "../../src/handshake/announcement.js";
import { longestSocketPath } from "../../src/util/address.js";
import { faultOf, lookAsUser } from "../../src/util/trusted-path.js";
import { onPlatform } from "./on-platform.js";

const macos = onPlatform("darwin");
afterEach(() => vi.restoreAllMocks());

/** This user's own group, and a directory of theirs that a group may write to. */
function faultWhereGroupWrites(own: number, gid: number): Promise<string | undefined> {
  vi.spyOn(process as Required<NodeJS.Process>, "getegid").mockReturnValue(own);
  const looking = lookAsUser({ stat, lstat, readlink });
  if (looking === undefined) throw new Error("This system has no users");
  return faultOf("/plugins", { ...looking, look: async () => ({ mode: 0o040775, uid: looking.uid, gid }) });
}

test("[F115] on macOS a group that every user is in may not write, though it is this user's own", async () => {
  expect(await faultWhereGroupWrites(20, 20)).toBe(undefined);
  macos.begin();
  expect(await faultWhereGroupWrites(20, 20)).toBe('group 20 can write to "/plugins"');
  expect(await faultWhereGroupWrites(501, 501)).toBe(undefined);
});

test("[O31] a unix socket's path is at most 107 bytes on Linux and 103 elsewhere", () => {
  const path = `/run/m-1/${"s".repeat(95)}`;
  const allowed = { minPort: 0, maxPort: 0, unixSocketDir: "/run/m-1", inspectorPort: 0 };
  expect([longestSocketPath(), whyRefused({ network: "unix", path }, allowed)]).toEqual([107, undefined]);
  macos.begin();
  const why = "its path is longer than the 103 bytes that a socket's may be";
  expect([longestSocketPath(), whyRefused({ network: "unix", path }, allowed)]).toEqual([103, why]);
});
