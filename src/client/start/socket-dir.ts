import { chmod, lstat, mkdir, readlink, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { reasonIn, StartFault } from "../../executable/start-fault.js";
import { randomHex } from "../../handshake/proof.js";
import { guard } from "../../process/guardian.js";
import { isPipe, longestSocketPath, PIPES } from "../../util/address.js";
import { faultOf, follow, lookAsUser, type Way } from "../../util/trusted-path.js";

const REMEDY = "Set TMPDIR to a directory that this user may write to.";

const unguards = new Map<string, () => void>();

/**
 * Makes a directory for one plugin's socket, 0700 and of a name that nobody can guess; it is removed when this process dies. On Windows it
 * is what a pipe's name begins with, and nothing is made.
 * @throws {Error} With the end of a sentence.
 */
export async function makeSocketDir(): Promise<string> {
  const name = `mortise-${randomHex().slice(0, 12)}`;
  if (process.platform === "win32") return PIPES + name;
  const parent = await trustedParent(resolve(tmpdir())).catch((cause: NodeJS.ErrnoException) => {
    if (cause instanceof StartFault) throw cause;
    const gone = cause.code === "ENOENT";
    const remedy = gone ? "Make it, or set TMPDIR to one that exists." : REMEDY;
    const what = gone ? "does not exist" : `cannot be looked at (${cause.code})`;
    throw new StartFault(reasonIn(cause, "missing"), `the temporary directory "${tmpdir()}" ${what}\n  ${remedy}`, { cause });
  });
  const dir = join(parent, name);
  const mostBytes = longestSocketPath();
  if (Buffer.byteLength(join(dir, "s")) > mostBytes) {
    throw new StartFault(
      "options",
      `the temporary directory "${parent}" is too long a path for a unix socket, which has at most ${mostBytes} bytes\n  Set TMPDIR to a shorter one.`,
    );
  }
  // Not mkdtemp(), which tells the name only once the directory is there: this process may die in the moment between.
  const unguard = guard("dir", dir);
  try {
    await mkdir(dir, { mode: 0o700 });
    // Of what was asked for the umask may have taken something away.
    await chmod(dir, 0o700);
  } catch (cause) {
    await rm(dir, { recursive: true, force: true }).catch(() => {});
    unguard();
    const { code } = cause as NodeJS.ErrnoException;
    const sentence = `no directory for its socket can be made in the temporary directory "${parent}" (${code})`;
    throw new StartFault(reasonIn(cause, "resources"), `${sentence}\n  ${REMEDY}`, { cause });
  }
  unguards.set(dir, unguard);
  return dir;
}

/**
 * The temporary directory without links. Somebody else could take the directory away there, or that itself where they may write above it,
 * and put their own in its place: then it is refused.
 */
async function trustedParent(path: string): Promise<string> {
  const looking = lookAsUser({ stat, lstat, readlink });
  const way: Way = looking === undefined ? { real: await realpath(path) } : await follow(path, looking);
  const fault = "fault" in way ? way.fault : looking && (await faultOf(way.real, looking, true));
  if (fault === undefined && "real" in way) return way.real;
  throw new StartFault(
    "untrusted",
    `its socket would not be safe in the temporary directory: ${fault}\n  Run chmod +t there, or set TMPDIR to a directory of your own.`,
  );
}

/** Removes it, with what is in it. */
export async function removeSocketDir(dir: string): Promise<void> {
  if (isPipe(dir)) return; // It is gone with the plugin.
  await rm(dir, { recursive: true, force: true });
  unguards.get(dir)?.();
  unguards.delete(dir);
}
