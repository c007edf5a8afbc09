import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { badArchive, shownPath } from "./bad-archive.js";
import type { Archive, ArchiveEntry } from "./open-archive.js";

// The threads of Node.js's pool.
const AT_ONCE = 4;

export interface UnpackOptions {
  /** What was attempted, as the beginning of a sentence. */
  readonly attempt: string;
  /** Also made executable: what the manifest runs, which an archive made on Windows does not say. */
  readonly executable: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unpacks an archive into a directory that is empty. Counted and summed as it is written, and on disk when it resolves. Where it rejects
 * the directory is left to whoever made it.
 * @throws {PluginError} `BAD_ARCHIVE` A file that is not what the archive says.
 */
export async function unpack(archive: Archive, target: string, options: UnpackOptions): Promise<void> {
  const files = archive.entries.filter(({ isDirectory }) => !isDirectory);
  const directories = directoriesOf(archive.entries);
  for (const directory of directories) await mkdir(join(target, directory), { recursive: true });
  let next = 0;
  let failed = false;
  const work = async (): Promise<void> => {
    while (next < files.length && !failed) {
      options.signal?.throwIfAborted();
      await unpackFile(files[next++] as ArchiveEntry, target, options).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  // All of them come to their end, so that nothing is still written once this rejects.
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  await syncDirectories([...directories].map((directory) => join(target, directory)));
}

/** All directories, parents first; the root is the empty text. */
function directoriesOf(entries: readonly ArchiveEntry[]): ReadonlySet<string> {
  const found = new Set<string>([""]);
  for (const { path, isDirectory } of entries) {
    const parts = (isDirectory ? path : dirname(path)).split("/");
    if (parts[0] === ".") continue;
    for (let depth = 1; depth <= parts.length; depth++) found.add(parts.slice(0, depth).join("/"));
  }
  return found;
}

async function unpackFile(entry: ArchiveEntry, target: string, { attempt, executable }: UnpackOptions): Promise<void> {
  const { path } = entry;
  const mode = entry.isExecutable || path === executable ? 0o755 : 0o644;
  // Never over what is there: the directory was empty, so that would be another entry's.
  const file = await open(join(target, path), "wx", mode);
  try {
    await file.chmod(mode);
    await copy(entry, file, attempt);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function copy(entry: ArchiveEntry, file: FileHandle, attempt: string): Promise<void> {
  const shown = shownPath(entry.path);
  let bytes = 0;
  let sum = 0;
  for await (const chunk of readable(entry, attempt)) {
    bytes += chunk.length;
    if (bytes > entry.bytes) throw badArchive(attempt, `${shown} is longer than the ${entry.bytes} bytes that the archive says`);
    sum = crc32(chunk, sum);
    await file.writeFile(chunk);
  }
  if (bytes !== entry.bytes) throw badArchive(attempt, `${shown} has ${bytes} bytes, and the archive says ${entry.bytes}`);
  if (sum !== entry.crc32) throw badArchive(attempt, `${shown} is damaged: its checksum is not the archive's`);
}

/** What goes wrong in reading is the archive's fault; what goes wrong in writing is not. */
async function* readable(entry: ArchiveEntry, attempt: string): AsyncGenerator<Buffer> {
  try {
    yield* entry.read();
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: unknown };
    const why = code === "ERR_BUFFER_TOO_LARGE" ? `it is longer than ${entry.bytes} bytes` : message;
    throw badArchive(attempt, `${shownPath(entry.path)} is not what the archive says: ${why}`, error);
  }
}

/** Has the names in directories on disk, where the system can. */
export async function syncDirectories(directories: readonly string[]): Promise<void> {
  if (process.platform === "win32") return;
  for (const directory of directories) {
    const handle = await open(directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}
