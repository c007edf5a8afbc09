import { isUtf8 } from "node:buffer";
import { type FileHandle, open, stat } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw, type ZlibOptions } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import type { ResolvedPackageLimits } from "./archive-limits.js";
import { badArchive, shownPath } from "./bad-archive.js";
import { type RawEntry, whyBadEntries } from "./check-entries.js";

/** A file or directory of an archive that was looked at, and may be unpacked. */
export interface ArchiveEntry {
  /** From the package's root, with slashes. */
  readonly path: string;
  readonly isDirectory: boolean;
  readonly isExecutable: boolean;
  readonly bytes: number;
  readonly crc32: number;
  /** Its content, in pieces. Fails where it is longer or shorter than it says. */
  read(): AsyncIterable<Buffer>;
}

/** A zip that was looked at. Whoever opened it closes it. */
export interface Archive {
  readonly entries: readonly ArchiveEntry[];
  close(): Promise<void>;
}

interface Found extends RawEntry {
  readonly entry: Entry;
  /** Where its content begins; known once the layout was looked at. */
  start: number;
}

// Up to here a file is read and inflated in one piece: a stream for each of a thousand small ones took twice the time.
const AT_ONCE_BYTES = 2 ** 20;
const inflate = promisify<Buffer, ZlibOptions, Buffer>(inflateRaw);

const ENTRY_HEADER_BYTES = 30;
const UTF8_NAME = 0x0800;

/**
 * Opens a zip and looks at all its entries; yauzl is loaded now. Nothing is written. What macOS adds beside the files is left out, and so
 * is a directory that the whole package lies in.
 * @throws {PluginError} `BAD_ARCHIVE` with what is wrong with it.
 */
export async function openArchive(file: string, limits: ResolvedPackageLimits, attempt: string): Promise<Archive> {
  const { size } = await stat(file);
  if (size > limits.maxArchiveBytes)
    throw badArchive(attempt, `the archive has ${size} bytes, and it may have ${limits.maxArchiveBytes} (maxArchiveBytes)`);
  const { default: yauzl } = await import("yauzl");
  const handle = await open(file, "r");
  const zip = await yauzl.openPromise(file, { autoClose: false, decodeStrings: false }).catch(async (error: unknown) => {
    await handle.close();
    throw badArchive(attempt, `it is no zip that can be read: ${(error as Error).message}`, error);
  });
  const close = async (): Promise<void> => {
    zip.close();
    await handle.close();
  };
  // What goes wrong later is told to who reads.
  zip.on("error", () => {});
  try {
    if (zip.entryCount > limits.maxEntries)
      throw badArchive(attempt, `the archive has ${zip.entryCount} entries, and it may have ${limits.maxEntries} (maxEntries)`);
    const found = await listEntries(zip, yauzl.getFileNameLowLevel, attempt);
    const why = whyBadEntries(found, limits) ?? (await whyBadLayout(zip, found));
    if (why !== undefined) throw badArchive(attempt, why);
    return { entries: entriesOf(zip, handle, found), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listEntries(zip: ZipFile, decode: typeof import("yauzl").getFileNameLowLevel, attempt: string): Promise<Found[]> {
  const found: Found[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      // Info-ZIP and others write names in UTF-8 and do not say so; nearly no other text happens to be UTF-8.
      const flags = isUtf8(entry.fileNameRaw) ? entry.generalPurposeBitFlag | UTF8_NAME : entry.generalPurposeBitFlag;
      const name = decode(flags, entry.fileNameRaw, entry.extraFields, true);
      // Resource forks, which macOS packs beside the files that they belong to.
      if (name.startsWith("__MACOSX/")) continue;
      found.push({
        entry,
        name,
        start: 0,
        mode: entry.externalFileAttributes >>> 16,
        bytes: entry.uncompressedSize,
        packedBytes: entry.compressedSize,
        isEncrypted: entry.isEncrypted(),
        isReadable: entry.canDecodeFileData(),
      });
    }
  } catch (error) {
    throw badArchive(attempt, `its directory cannot be read: ${(error as Error).message}`, error);
  }
  return found;
}

/** What the list of an archive says must be what its parts say: readers differ in which of the two they believe. */
async function whyBadLayout(zip: ZipFile, found: readonly Found[]): Promise<string | undefined> {
  const inOrder = [...found].sort((one, other) => one.entry.relativeOffsetOfLocalHeader - other.entry.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const each of inOrder) {
    const { entry, name } = each;
    const start = entry.relativeOffsetOfLocalHeader;
    if (start < end) return `${shownPath(name)} overlaps with another`;
    if (end === 0 && start > 0) return "there is something before its first file";
    let header: Awaited<ReturnType<ZipFile["readLocalFileHeaderPromise"]>> & { readonly fileName?: Buffer };
    try {
      header = await zip.readLocalFileHeaderPromise(entry);
    } catch (error) {
      return `${shownPath(name)} cannot be read: ${(error as Error).message}`;
    }
    if (header.fileName?.equals(entry.fileNameRaw) !== true) return `${shownPath(name)} has another name where it begins`;
    each.start = header.fileDataStart;
    end = Math.max(start + ENTRY_HEADER_BYTES, header.fileDataStart + entry.compressedSize);
  }
  return undefined;
}

function entriesOf(zip: ZipFile, file: FileHandle, found: readonly Found[]): ArchiveEntry[] {
  const root = rootOf(found);
  return found
    .filter(({ name }) => name !== root)
    .map((each) => ({
      path: each.name.slice(root.length).replace(/\/$/, ""),
      isDirectory: each.name.endsWith("/"),
      isExecutable: (each.mode & 0o111) !== 0,
      bytes: each.bytes,
      crc32: each.entry.crc32,
      read: () => (Math.max(each.bytes, each.packedBytes) <= AT_ONCE_BYTES ? readAtOnce(file, each) : readStream(zip, each)),
    }));
}

async function* readAtOnce(file: FileHandle, { entry, start, packedBytes, bytes }: Found): AsyncGenerator<Buffer> {
  const packed = Buffer.allocUnsafe(packedBytes);
  const { bytesRead } = await file.read(packed, 0, packedBytes, start);
  if (bytesRead < packedBytes) throw new Error("the archive ends within it");
  // zlib does not take a bound of 0.
  yield entry.compressionMethod === 0 ? packed : await inflate(packed, { maxOutputLength: Math.max(1, bytes) });
}

async function* readStream(zip: ZipFile, { entry }: Found): AsyncGenerator<Buffer> {
  const stream = await zip.openReadStreamPromise(entry);
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } finally {
    stream.destroy();
  }
}

/** The one directory that everything lies in, with its slash; empty where there is none. */
function rootOf(found: readonly Found[]): string {
  const first = found[0]?.name ?? "";
  const root = first.slice(0, first.indexOf("/") + 1);
  return root !== "" && found.every(({ name }) => name.startsWith(root)) && found.some(({ name }) => name === `${root}mortise.json`)
    ? root
    : "";
}
