import { lstat, mkdir, readlink, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomHex } from "../../handshake/proof.js";
import { guard } from "../../process/guardian.js";
import { faultOf, lookAsUser } from "../../util/trusted-path.js";

// What the address of a unix socket holds, less the byte that ends it. Beyond it the system cuts, and listens elsewhere.
const LONGEST_PATH_BYTES = 107;
const REMEDY = "Set TMPDIR to a directory that this user may write to.";

const unguards = new Map<string, () => void>();

/**
 * Makes a directory for one plugin's socket, 0700 and of a name that nobody can guess; it is removed when this process dies.
 * @throws {Error} With the end of a sentence.
 */
export async function makeSocketDir(): Promise<string> {
  const parent = await realpath(tmpdir()).catch((cause: NodeJS.ErrnoException) => {
    const gone = cause.code === "ENOENT";
    const remedy = gone ? "Make it, or set TMPDIR to one that exists." : REMEDY;
    const what = gone ? "does not exist" : `cannot be looked at (${cause.code})`;
    throw new Error(`the temporary directory "${tmpdir()}" ${what}\n  ${remedy}`, { cause });
  });
  await refuseOpenParent(parent);
  const dir = join(parent, `mortise-${randomHex().slice(0, 12)}`);
  if (Buffer.byteLength(join(dir, "s")) > LONGEST_PATH_BYTES) {
    throw new Error(
      `the temporary directory "${parent}" is too long a path for a unix socket, which has at most ${LONGEST_PATH_BYTES} bytes\n  Set TMPDIR to a shorter one.`,
    );
  }
  // Not mkdtemp(), which tells the name only once the directory is there: this process may die in the moment between.
  const unguard = guard("dir", dir);
  try {
    await mkdir(dir, { mode: 0o700 });
  } catch (cause) {
    unguard();
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(`no directory for its socket can be made in the temporary directory "${parent}" (${code})\n  ${REMEDY}`, { cause });
  }
  unguards.set(dir, unguard);
  return dir;
}

// Somebody else could take the directory away there, and put their own in its place.
async function refuseOpenParent(parent: string): Promise<void> {
  const looking = lookAsUser({ stat, lstat, readlink });
  const fault = looking && (await faultOf(parent, looking, true));
  if (fault === undefined) return;
  throw new Error(
    `its socket would not be safe in the temporary directory: ${fault}\n  Run chmod +t there, or set TMPDIR to a directory of your own.`,
  );
}

/** Removes it, with what is in it. */
export async function removeSocketDir(dir: string): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  unguards.get(dir)?.();
  unguards.delete(dir);
}
