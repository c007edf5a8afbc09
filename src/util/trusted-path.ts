import { dirname, join } from "node:path";

/** What a file system says of a file or a directory. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Where a link leads, as it is written, and whose it is. */
export interface Link {
  readonly target: string;
  readonly uid: number;
}

/** Who asks, and how to look. */
export interface Looking {
  readonly uid: number;
  /** The user's own group: who is in it may write. Undefined where everybody is in it. */
  readonly gid: number | undefined;
  /** Follows links. */
  look(path: string): Promise<Ownership>;
}

/** The same, link by link. */
export interface LookingAtLinks extends Looking {
  /** Undefined if it is no link. */
  readLink(path: string): Promise<Link | undefined>;
}

/** The functions of a file system by which a path is looked at, as `node:fs/promises` has them. */
interface FileSystem {
  stat(path: string): Promise<Ownership>;
  lstat(path: string): Promise<{ readonly uid: number; isSymbolicLink(): boolean }>;
  readlink(path: string): Promise<string>;
}

/** As the user of this process looks with those; undefined where the system has no users in this sense. */
export function lookAsUser({ stat, lstat, readlink }: FileSystem): LookingAtLinks | undefined {
  const uid = process.geteuid?.();
  if (uid === undefined) return undefined;
  return {
    uid,
    gid: isEverybodys(process.getegid?.()) ? undefined : process.getegid?.(),
    look: (path) => stat(path),
    async readLink(path) {
      const found = await lstat(path);
      return found.isSymbolicLink() ? { target: await readlink(path), uid: found.uid } : undefined;
    },
  };
}

/** On macOS each user's own group is "staff", which elsewhere is one like any other. */
const STAFF = 20;

function isEverybodys(gid: number | undefined): boolean {
  return process.platform === "darwin" && gid === STAFF;
}

/** What a path leads to, by links too, or how somebody else could make it lead elsewhere. */
export type Way = { readonly real: string } | { readonly fault: string };

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;
// As many as Linux follows.
const MAX_LINKS = 40;

/**
 * Says how somebody else could change a file or what is in a directory: a clause such as `every user can write to "/x"`.
 *
 * This user, root, and whoever owns the file system's root are trusted, and so are this user's own group and root's.
 * @param mayBeSticky Others may write to a directory in which they cannot replace what is not theirs, like /tmp.
 */
export async function faultOf(path: string, looking: Looking, mayBeSticky = false): Promise<string | undefined> {
  const { mode, uid, gid } = await looking.look(path);
  if (!(await isTrusted(uid, looking))) return `"${path}" belongs to user ${uid}`;
  if (mayBeSticky && (mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return `every user can write to "${path}"`;
  if ((mode & GROUP_WRITES) !== 0 && gid !== looking.gid && gid !== 0) return `group ${gid} can write to "${path}"`;
  return undefined;
}

/**
 * Goes an absolute path as the system does, and stops where somebody else could replace what comes next: in a directory on the way as it
 * is written, or on the way that a link leads. What the path leads to in the end is not looked at.
 */
export async function follow(path: string, looking: LookingAtLinks): Promise<Way> {
  const names = namesIn(path);
  let dir = "/";
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === "..") {
      dir = dirname(dir); // All links were followed: it is above in truth.
      continue;
    }
    const next = join(dir, name);
    const link = await looking.readLink(next);
    const fault = (await faultOf(dir, looking, true)) ?? (link && (await faultOfLink(next, link, looking)));
    if (fault !== undefined) return { fault };
    if (link === undefined) {
      dir = next;
      continue;
    }
    if (++links > MAX_LINKS) return { fault: `"${path}" leads through more than ${MAX_LINKS} links` };
    names.unshift(...namesIn(link.target));
    if (link.target.startsWith("/")) dir = "/";
  }
  return { real: dir };
}

/** In a directory where everybody may put something, it matters whose a link is: nobody can write to one, and its owner can replace it. */
async function faultOfLink(path: string, { uid }: Link, looking: Looking): Promise<string | undefined> {
  const isOpen = (await faultOf(dirname(path), looking)) !== undefined;
  return isOpen && !(await isTrusted(uid, looking)) ? `the link "${path}" belongs to user ${uid}` : undefined;
}

// In a container the system's root may be seen under another number.
async function isTrusted(uid: number, looking: Looking): Promise<boolean> {
  return uid === looking.uid || uid === 0 || uid === (await looking.look("/")).uid;
}

function namesIn(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}
