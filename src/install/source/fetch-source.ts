import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { PluginError } from "../../errors.js";
import type { ResolvedPackageLimits } from "../archive/archive-limits.js";
import { badArchive } from "../archive/bad-archive.js";
import { pack } from "../archive/pack.js";
import { syncDirectories } from "../archive/unpack.js";
import { download, shownUrl } from "./download.js";

export interface SourceOptions {
  readonly attempt: string;
  readonly limits: ResolvedPackageLimits;
  readonly allowPrivate: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An archive that is here now. */
export interface Fetched {
  readonly sha256: string;
  readonly bytes: number;
  /** Where it came from, for people. */
  readonly source: string;
}

/**
 * Has the archive of a source in a file: a zip as it is, a directory packed, a URL downloaded.
 * @throws {PluginError} `INSTALL_FAILED` It is not there or cannot be had; `BAD_ARCHIVE` it is too long, or a directory that cannot be packed.
 */
export async function fetchSource(source: string | URL, target: string, options: SourceOptions): Promise<Fetched> {
  const url = urlOf(source);
  if (url !== undefined && url.protocol !== "file:") {
    const { limits, ...rest } = options;
    return { ...(await download(url, target, { ...rest, maxBytes: limits.maxArchiveBytes })), source: shownUrl(url) };
  }
  const path = resolve(url === undefined ? (source as string) : fileURLToPath(url));
  const found = await stat(path).catch((error: unknown) => {
    throw new PluginError("INSTALL_FAILED", `${options.attempt}: "${path}" cannot be read: ${(error as Error).message}`, { cause: error });
  });
  if (found.isDirectory()) {
    await pack(path, target, options.limits, options.attempt);
    return { ...(await digestOf(target)), source: path };
  }
  if (!found.isFile()) throw new PluginError("INSTALL_FAILED", `${options.attempt}: "${path}" is neither a zip nor a directory`);
  const { maxArchiveBytes } = options.limits;
  if (found.size > maxArchiveBytes)
    throw badArchive(options.attempt, `the archive has ${found.size} bytes, and it may have ${maxArchiveBytes} (maxArchiveBytes)`);
  return { ...(await copyFile(path, target, options)), source: path };
}

function urlOf(source: string | URL): URL | undefined {
  if (source instanceof URL) return source;
  // A drive of Windows is no scheme.
  return /^[a-z][a-z0-9+.-]+:/i.test(source) && URL.canParse(source) ? new URL(source) : undefined;
}

async function copyFile(path: string, target: string, { signal }: SourceOptions): Promise<{ sha256: string; bytes: number }> {
  const summed = summing();
  const writer = createWriteStream(target, { flags: "wx", mode: 0o600, flush: true } as Parameters<typeof createWriteStream>[1]);
  await pipeline(createReadStream(path), summed.stream, writer, { signal: signal as AbortSignal });
  await syncDirectories([target]);
  return summed.end();
}

async function digestOf(path: string): Promise<{ sha256: string; bytes: number }> {
  const summed = summing();
  await pipeline(createReadStream(path), summed.stream, async (chunks: AsyncIterable<Buffer>) => {
    for await (const _ of chunks);
  });
  return summed.end();
}

function summing(): { readonly stream: Transform; end(): { sha256: string; bytes: number } } {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  return { stream, end: () => ({ sha256: hash.digest("hex"), bytes }) };
}
