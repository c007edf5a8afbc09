import { createHash } from "node:crypto";
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { open } from "node:fs/promises";
import type { request as httpRequest, IncomingMessage, RequestOptions } from "node:http";
import { isIP, type LookupFunction } from "node:net";
import { PluginError } from "../../errors.js";
import { systemClock } from "../../util/clock.js";
import { isPrivateAddress } from "./private-address.js";

export interface DownloadOptions {
  readonly attempt: string;
  readonly maxBytes: number;
  /** May it lead to this machine and its network? */
  readonly allowPrivate: boolean;
  /** For the whole of it, redirects included, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Downloads a file, on disk when it resolves. Each address is looked up here, held against what is private, and dialled as it was looked
 * up: a name that has another address the next time leads nowhere else. Proxies of the environment are not used.
 * @returns The SHA-256 of the file, as hex digits, and its length.
 * @throws {PluginError} `INSTALL_FAILED` with why it could not be had.
 */
export async function download(
  url: URL,
  target: string,
  options: DownloadOptions,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const { timeoutMs, signal, attempt } = options;
  const aborter = new AbortController();
  const onAbort = (): void => aborter.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", onAbort, { once: true });
  const late = new PluginError("INSTALL_FAILED", `${attempt}: ${shownUrl(url)} was not read within ${timeoutMs} ms`);
  const callOff = systemClock.after(timeoutMs, () => aborter.abort(late));
  try {
    const response = await follow(url, aborter.signal, options);
    return await save(response, target, aborter.signal, options);
  } catch (error) {
    if (aborter.signal.aborted) throw aborter.signal.reason;
    throw error;
  } finally {
    callOff();
    signal?.removeEventListener("abort", onAbort);
    // What is still under way of an answer that was refused.
    aborter.abort();
  }
}

/** A URL for a sentence: without what may be secret in it. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

async function follow(first: URL, signal: AbortSignal, options: DownloadOptions): Promise<IncomingMessage> {
  let url = first;
  for (let count = 0; count <= MAX_REDIRECTS; count++) {
    const response = await ask(url, signal, options);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return response;
    response.destroy();
    if (!REDIRECTS.has(statusCode) || headers.location === undefined) throw failed(options, `${shownUrl(url)} answered ${statusCode}`);
    const next = URL.canParse(headers.location, url.href) ? new URL(headers.location, url) : undefined;
    if (next === undefined) throw failed(options, `${shownUrl(url)} leads on to what is no URL`);
    if (url.protocol === "https:" && next.protocol !== "https:")
      throw failed(options, `${shownUrl(url)} leads on to ${shownUrl(next)}, which is not https:`);
    url = next;
  }
  throw failed(options, `${shownUrl(first)} leads on more than ${MAX_REDIRECTS} times`);
}

async function ask(url: URL, signal: AbortSignal, options: DownloadOptions): Promise<IncomingMessage> {
  if (url.protocol !== "https:" && url.protocol !== "http:") throw failed(options, `${shownUrl(url)} is no http: or https: URL`);
  if (url.username !== "" || url.password !== "")
    throw failed(options, `${shownUrl(url)} has a name and password in it, which are not sent`);
  const addresses = await addressesOf(url, options);
  const { request }: { request: typeof httpRequest } = url.protocol === "https:" ? await import("node:https") : await import("node:http");
  const settings: RequestOptions = {
    signal,
    agent: false,
    lookup: asLookup(addresses),
    headers: { accept: "application/zip, application/octet-stream, */*", "accept-encoding": "identity", "user-agent": "mortise" },
  };
  return new Promise((resolve, reject) => {
    const asked = request(url, settings, resolve);
    asked.on("error", (error) => reject(failed(options, `${shownUrl(url)} could not be read: ${error.message}`, error)));
    asked.end();
  });
}

async function addressesOf(url: URL, options: DownloadOptions): Promise<readonly LookupAddress[]> {
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const family = isIP(name);
  const found =
    family > 0
      ? [{ address: name, family }]
      : await lookup(name, { all: true }).catch((error: unknown) => {
          throw failed(options, `${shownUrl(url)} could not be read: ${(error as Error).message}`, error);
        });
  const bad = options.allowPrivate ? undefined : found.find(({ address }) => isPrivateAddress(address));
  if (bad === undefined) return found;
  const sentence = `${shownUrl(url)} leads to ${bad.address}, which is this machine or its network`;
  throw failed(options, `${sentence}\n  Give allowPrivate: true if it may.`);
}

/** Has a request dial what was looked up already. */
function asLookup(addresses: readonly LookupAddress[]): LookupFunction {
  return (_name, { all }, callback) => {
    const [first] = addresses as [LookupAddress];
    if (all === true) callback(null, [...addresses]);
    else callback(null, first.address, first.family);
  };
}

async function save(
  response: IncomingMessage,
  target: string,
  signal: AbortSignal,
  options: DownloadOptions,
): Promise<{ sha256: string; bytes: number }> {
  const { maxBytes } = options;
  const tooLong = (): PluginError => failed(options, `what it answers is longer than ${maxBytes} bytes (maxArchiveBytes)`);
  if (Number(response.headers["content-length"] ?? 0) > maxBytes) throw tooLong();
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(target, "wx", 0o600);
  try {
    for await (const chunk of readable(response, options)) {
      signal.throwIfAborted();
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLong();
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sha256: hash.digest("hex"), bytes };
}

async function* readable(response: IncomingMessage, options: DownloadOptions): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw failed(options, `its answer ended early: ${(error as Error).message}`, error);
  }
}

function failed({ attempt }: DownloadOptions, why: string, cause?: unknown): PluginError {
  return new PluginError("INSTALL_FAILED", `${attempt}: ${why}`, cause === undefined ? undefined : { cause });
}
