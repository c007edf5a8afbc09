import { type FileHandle, lstat, open, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32, deflateRaw } from "node:zlib";
import type { ResolvedPackageLimits } from "./archive-limits.js";
import { badArchive, shownPath } from "./bad-archive.js";

const deflate = promisify<Buffer, { level: number }, Buffer>(deflateRaw);

interface Packed {
  readonly path: string;
  readonly isExecutable: boolean;
  readonly crc: number;
  readonly bytes: number;
  readonly packedBytes: number;
  readonly method: number;
  readonly offset: number;
}

// Not the plugin's: what tools of its author keep beside it.
const LEFT_OUT = new Set([".git", ".hg", ".svn", ".DS_Store", "Thumbs.db"]);
const UTF8_NAMES = 0x0800;
// The first of January 1980, which zips count from: the same files are the same bytes, whenever they are packed.
const DOS_DATE = 0x0021;
const UNIX = 3;

/**
 * Packs a directory into a zip: the same files in the same bytes, whoever packs them. Version control, `node_modules/.bin` and what file
 * managers leave are not packed.
 * @throws {PluginError} `BAD_ARCHIVE` Something in it that a package cannot hold, or too much.
 */
export async function pack(directory: string, target: string, limits: ResolvedPackageLimits, attempt: string): Promise<void> {
  const paths = await listFiles(directory, "", limits, attempt, []);
  const file = await open(target, "wx", 0o600);
  try {
    const packed: Packed[] = [];
    let offset = 0;
    for (const path of paths) {
      const entry = await packFile(file, join(directory, path), path, offset, limits, attempt);
      packed.push(entry);
      offset += headerOf(entry, false).length + entry.packedBytes;
      if (offset > limits.maxArchiveBytes)
        throw badArchive(attempt, `the archive has more than ${limits.maxArchiveBytes} bytes (maxArchiveBytes)`);
    }
    const list = Buffer.concat(packed.map((entry) => headerOf(entry, true)));
    await file.writeFile(Buffer.concat([list, endOf(packed.length, list.length, offset)]));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Every file below a directory, by path with slashes, in the order of their bytes. */
async function listFiles(root: string, below: string, limits: ResolvedPackageLimits, attempt: string, found: string[]): Promise<string[]> {
  const names = (await readdir(join(root, below), { withFileTypes: true })).sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const entry of names) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (LEFT_OUT.has(entry.name) || path === "node_modules/.bin" || path.endsWith("/node_modules/.bin")) continue;
    if (path.split("/").length > limits.maxDepth)
      throw badArchive(attempt, `${shownPath(path)} is deeper than ${limits.maxDepth} directories (maxDepth)`);
    if (entry.isDirectory()) await listFiles(root, path, limits, attempt, found);
    else if (entry.isFile()) found.push(path);
    else
      throw badArchive(
        attempt,
        `${shownPath(path)} is ${entry.isSymbolicLink() ? "a symbolic link" : "no file"}, and a package has files alone`,
      );
    if (found.length > limits.maxEntries) throw badArchive(attempt, `the directory has more than ${limits.maxEntries} files (maxEntries)`);
  }
  return found;
}

async function packFile(
  file: FileHandle,
  source: string,
  path: string,
  offset: number,
  limits: ResolvedPackageLimits,
  attempt: string,
): Promise<Packed> {
  const { size, mode } = await lstat(source);
  if (size > limits.maxFileBytes)
    throw badArchive(attempt, `${shownPath(path)} has ${size} bytes, and a file may have ${limits.maxFileBytes} (maxFileBytes)`);
  const content = await readFile(source);
  const deflated = await deflate(content, { level: 6 });
  // What would be taken for a bomb is stored as it is.
  const isSmaller = deflated.length < content.length && content.length <= deflated.length * limits.maxRatio;
  const body = isSmaller ? deflated : content;
  const entry: Packed = {
    path,
    isExecutable: (mode & 0o111) !== 0,
    crc: crc32(content),
    bytes: content.length,
    packedBytes: body.length,
    method: isSmaller ? 8 : 0,
    offset,
  };
  await file.writeFile(Buffer.concat([headerOf(entry, false), body]));
  return entry;
}

/** What stands before a file, or in the list at the end. @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.7 and 4.3.12 */
function headerOf({ path, isExecutable, crc, bytes, packedBytes, method, offset }: Packed, inList: boolean): Buffer {
  const name = Buffer.from(path);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt16LE(UTF8_NAMES, 2);
  common.writeUInt16LE(method, 4);
  common.writeUInt16LE(0, 6);
  common.writeUInt16LE(DOS_DATE, 8);
  common.writeUInt32LE(crc, 10);
  common.writeUInt32LE(packedBytes, 14);
  common.writeUInt32LE(bytes, 18);
  common.writeUInt16LE(name.length, 22);
  if (!inList) return Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, name]);
  const made = Buffer.from([20, UNIX]);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE(((0o100000 | (isExecutable ? 0o755 : 0o644)) << 16) >>> 0, 6);
  rest.writeUInt32LE(offset, 10);
  return Buffer.concat([Buffer.from("PK\x01\x02", "latin1"), made, common, rest, name]);
}

function endOf(count: number, listBytes: number, listOffset: number): Buffer {
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", 0, "latin1");
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(listBytes, 12);
  end.writeUInt32LE(listOffset, 16);
  return end;
}
