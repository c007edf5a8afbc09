import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { type FileHandle, lstat, open, readlink, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { PluginError } from "../errors.js";
import { faultOf, follow, type LookingAtLinks, lookAsUser } from "../util/trusted-path.js";
import { reasonIn, StartFault } from "./start-fault.js";

/** What a plugin's file must be before it is run. */
export interface Checksum {
  /** A name of Node.js's crypto, as in `sha256`. */
  readonly algorithm: string;
  /** The digest in hex, in upper or lower case. */
  readonly digest: string;
}

/** A file that was found to be the one that was asked for. */
export interface Checked {
  /** Looks whether it still is. @throws {PluginError} `CHECKSUM_MISMATCH` It was replaced or written to in the meantime. */
  confirm(): Promise<void>;
}

/**
 * Hashes a file before it is run.
 * @throws {PluginError} `CHECKSUM_MISMATCH`, with the end of a sentence.
 * @throws {Error} Others can write to the file or to a directory on the way, or it cannot be read: with the end of a sentence.
 */
export async function checkFile(file: string, { algorithm, digest }: Checksum): Promise<Checked> {
  await refuseOpenToOthers(file);
  const handle = await open(file, "r").catch((cause: NodeJS.ErrnoException) => {
    throw new StartFault(
      reasonIn(cause, "permission"),
      `its file "${file}" cannot be read, so that its checksum is not known (${cause.code})`,
      { cause },
    );
  });
  try {
    // Before it is read: what happens to it from then on shows.
    const identity = identityOf(await handle.stat({ bigint: true }));
    const actual = await hash(handle, algorithm);
    if (actual !== digest) {
      const sentence = `the ${algorithm} digest of its file "${file}" is ${actual}, and ${digest} was asked for: it was not run`;
      throw new PluginError("CHECKSUM_MISMATCH", `${sentence}\n  Install it anew, or give its new digest if you trust the change.`);
    }
    return { confirm: () => confirm(file, identity) };
  } finally {
    await handle.close();
  }
}

async function hash(handle: FileHandle, algorithm: string): Promise<string> {
  const sum = createHash(algorithm);
  for await (const chunk of handle.createReadStream({ autoClose: false, start: 0, highWaterMark: 2 ** 20 })) sum.update(chunk as Buffer);
  return sum.digest("hex");
}

// A change time cannot be set, and moves with each write, rename and change of mode.
function identityOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

async function confirm(file: string, identity: string): Promise<void> {
  const now = await stat(file, { bigint: true }).then(identityOf, () => "gone");
  if (now === identity) return;
  const sentence = `its file "${file}" was replaced or changed between the check of its checksum and its start`;
  throw new PluginError("CHECKSUM_MISMATCH", `${sentence}\n  Find out who did that before you start it again.`);
}

async function refuseOpenToOthers(file: string): Promise<void> {
  const looking = lookAsUser({ stat, lstat, readlink });
  const fault = looking && (await findFault(file, looking));
  if (fault === undefined) return;
  throw new StartFault(
    "untrusted",
    `its checksum would say nothing: ${fault}\n  Take that right away (chmod go-w, chown), or start it without a checksum.`,
  );
}

async function findFault(file: string, looking: LookingAtLinks): Promise<string | undefined> {
  const way = await follow(file, looking);
  if ("fault" in way) return way.fault;
  return (await faultOf(way.real, looking)) ?? faultOf(dirname(way.real), looking);
}
