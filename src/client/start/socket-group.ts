import { chmod, chown, readFile } from "node:fs/promises";
import { reasonIn, StartFault } from "../../executable/start-fault.js";

/**
 * Lets the members of a group into the directory of a socket. They cannot write to it: what the socket's name leads to stays this
 * user's own matter.
 * @throws {Error} With the end of a sentence.
 */
export async function shareDir(dir: string, group: string | number): Promise<void> {
  await give(dir, group, 0o750);
}

/**
 * Lets the members of a group connect to a socket.
 * @throws {Error} With the end of a sentence.
 */
export async function shareSocket(path: string, group: string | number): Promise<void> {
  await give(path, group, 0o660);
}

async function give(path: string, group: string | number, mode: number): Promise<void> {
  const gid = typeof group === "number" ? group : await idOf(group);
  try {
    await chown(path, -1, gid);
    await chmod(path, mode);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const remedy = code === "EPERM" ? "\n  Only a member of a group can give it something: add this user to it." : "";
    throw new StartFault(reasonIn(cause, "options"), `its socket cannot be given to the group "${group}" (${code})${remedy}`, { cause });
  }
}

// Node.js has no call for it. Groups that are elsewhere than in this file have a number, too.
async function idOf(name: string): Promise<number> {
  const lines = (await readFile("/etc/group", "utf8").catch(() => "")).split("\n");
  const gid = lines.map((line) => line.split(":")).find(([found]) => found === name)?.[2];
  if (gid !== undefined) return Number(gid);
  throw new StartFault(
    "options",
    `/etc/group knows no group "${name}" for its socket\n  Give the group's number, which \`getent group\` prints.`,
  );
}
