import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectories } from "../archive/unpack.js";

/**
 * Writes a file that is there whole, or as it was: beside it, on disk, then in its place. Only this user may read it.
 * @throws {Error} The system's; the file is as it was then.
 */
export async function writeAtomic(path: string, text: string): Promise<void> {
  const beside = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const file = await open(beside, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncDirectories([dirname(path)]);
}
