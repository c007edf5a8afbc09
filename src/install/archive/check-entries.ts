import { foldPath, whyBadPath } from "../manifest/package-path.js";
import type { ResolvedPackageLimits } from "./archive-limits.js";
import { shownPath } from "./bad-archive.js";

/** What an archive says of one of its files or directories, before anything of it is believed. */
export interface RawEntry {
  /** As it is in the archive; a directory's ends in a slash. */
  readonly name: string;
  /** The Unix mode with the type of file; 0 where it has none. */
  readonly mode: number;
  readonly bytes: number;
  readonly packedBytes: number;
  readonly isEncrypted: boolean;
  /** Stored or deflated: what is read here. */
  readonly isReadable: boolean;
}

const TYPE = 0o170000;
const KINDS: ReadonlyMap<number, string> = new Map([
  [0o120000, "a symbolic link"],
  [0o010000, "a pipe"],
  [0o020000, "a device"],
  [0o060000, "a device"],
  [0o140000, "a socket"],
]);
const FILE = 0o100000;
const DIRECTORY = 0o040000;
// Below this a ratio says little: a kilobyte of spaces is no bomb.
const RATIO_FROM_BYTES = 2 ** 20;

/**
 * Why entries cannot be unpacked, as the end of a sentence: the first fault; undefined if there is none. Names, kinds and sizes alone are
 * looked at, so nothing has been written yet.
 */
export function whyBadEntries(entries: readonly RawEntry[], limits: ResolvedPackageLimits): string | undefined {
  if (entries.length === 0) return "the archive is empty";
  let total = 0;
  for (const entry of entries) {
    const why = whyBadEntry(entry, limits);
    if (why !== undefined) return `${shownPath(entry.name)} ${why}`;
    total += entry.bytes;
    if (total > limits.maxTotalBytes) return `its files have more than ${limits.maxTotalBytes} bytes together (maxTotalBytes)`;
  }
  return whySamePlace(entries);
}

function whyBadEntry(entry: RawEntry, limits: ResolvedPackageLimits): string | undefined {
  const { name, bytes, packedBytes } = entry;
  const isDirectory = name.endsWith("/");
  const path = isDirectory ? name.slice(0, -1) : name;
  if (Buffer.byteLength(name) > limits.maxNameBytes) return `is longer than ${limits.maxNameBytes} bytes (maxNameBytes)`;
  const bad = whyBadPath(path);
  if (bad !== undefined) return bad;
  if (path.split("/").length > limits.maxDepth) return `is deeper than ${limits.maxDepth} directories (maxDepth)`;
  const kind = whyBadKind(entry, isDirectory);
  if (kind !== undefined) return kind;
  if (bytes > limits.maxFileBytes) return `has ${bytes} bytes, and a file may have ${limits.maxFileBytes} (maxFileBytes)`;
  if (bytes > RATIO_FROM_BYTES && bytes > packedBytes * limits.maxRatio)
    return `is more than ${limits.maxRatio} times as long as it is in the archive (maxRatio)`;
  return undefined;
}

function whyBadKind({ mode, bytes, isEncrypted, isReadable }: RawEntry, isDirectory: boolean): string | undefined {
  const type = mode & TYPE;
  if (type !== 0 && type !== FILE && type !== DIRECTORY) return `is ${KINDS.get(type) ?? "of an unknown kind"}`;
  if (isDirectory && (bytes > 0 || type === FILE)) return "has the name of a directory and the content of a file";
  if (!isDirectory && type === DIRECTORY) return "has the name of a file and is a directory";
  if (isEncrypted) return "is encrypted";
  return isReadable ? undefined : "is packed by a method other than deflate";
}

/** Entries that are the same place on some file system, or a file where another has a directory. */
function whySamePlace(entries: readonly RawEntry[]): string | undefined {
  const files = new Map<string, string>();
  const directories = new Map<string, string>();
  for (const { name } of entries) {
    if (name.endsWith("/")) continue;
    const twin = files.get(foldPath(name));
    if (twin !== undefined)
      return twin === name
        ? `${shownPath(name)} is there twice`
        : `${shownPath(twin)} and ${shownPath(name)} are the same file on some systems`;
    files.set(foldPath(name), name);
  }
  for (const { name } of entries) {
    const parts = (name.endsWith("/") ? name.slice(0, -1) : name).split("/");
    const own = name.endsWith("/") ? parts.length : parts.length - 1;
    for (let depth = 1; depth <= own; depth++) {
      const path = parts.slice(0, depth).join("/");
      if (files.has(foldPath(path))) return `${shownPath(path)} is both a file and a directory`;
      const twin = directories.get(foldPath(path));
      if (twin !== undefined && twin !== path) return `${shownPath(twin)} and ${shownPath(path)} are the same directory on some systems`;
      directories.set(foldPath(path), path);
    }
  }
  return undefined;
}
