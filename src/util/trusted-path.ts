import { dirname } from "node:path";

/** What a file system says of a file or a directory. */
export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Who asks, and how to look. */
export interface Looking {
  readonly uid: number;
  /** The user's own group: who is in it may write. */
  readonly gid: number;
  /** Follows links. */
  look(path: string): Promise<Ownership>;
}

const OTHERS_WRITE = 0o002;
const GROUP_WRITES = 0o020;
const STICKY = 0o1000;

/**
 * Says how somebody else could change a file or what is in a directory: a clause such as `every user can write to "/x"`.
 *
 * This user, root, and whoever owns the file system's root are trusted, and so are this user's own group and root's.
 * @param mayBeSticky Others may write to a directory in which they cannot replace what is not theirs, like /tmp.
 */
export async function faultOf(path: string, looking: Looking, mayBeSticky = false): Promise<string | undefined> {
  const { mode, uid, gid } = await looking.look(path);
  // In a container the system's root may be seen under another number.
  if (uid !== looking.uid && uid !== 0 && uid !== (await looking.look("/")).uid) return `"${path}" belongs to user ${uid}`;
  if (mayBeSticky && (mode & STICKY) !== 0) return undefined;
  if ((mode & OTHERS_WRITE) !== 0) return `every user can write to "${path}"`;
  if ((mode & GROUP_WRITES) !== 0 && gid !== looking.gid && gid !== 0) return `group ${gid} can write to "${path}"`;
  return undefined;
}

/** The same for all directories above a path, in which what is on the way could be replaced. */
export async function faultAbove(path: string, looking: Looking): Promise<string | undefined> {
  const parent = dirname(path);
  if (parent === path) return undefined;
  return (await faultOf(parent, looking, true)) ?? faultAbove(parent, looking);
}
