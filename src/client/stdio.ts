import type { Writable } from "node:stream";
import { type Deferred, deferred } from "../util/deferred.js";
import type { Logger } from "../util/logger.js";
import { AnnouncementSearch, type Found } from "./announcement-search.js";
import { LogLines } from "./log-lines.js";
import type { Running, StdioOptions } from "./runtime.js";
import { Tail } from "./tail.js";

/**
 * Reads a plugin's stdout and stderr, always and to the end, whatever is or is not listening: a full pipe would stall it.
 */
export class Stdio {
  /** The announcement line; rejects with the end of a sentence if stdout holds none. */
  readonly announcement: Promise<string>;
  /** Resolves when both streams have ended. Never rejects. */
  readonly drained: Promise<void>;
  readonly #announcement: Deferred<string> = deferred();
  readonly #stderrTail = new Tail();
  readonly #options: StdioOptions;
  readonly #stdoutLog: LogLines;
  readonly #search: AnnouncementSearch;
  /** The announcement was found, or cannot come any more. */
  #searched = false;

  constructor(running: Running, options: StdioOptions, logger: Logger) {
    this.#options = options;
    this.#stdoutLog = logLines(logger, "stdout");
    this.#search = new AnnouncementSearch((bytes) => this.#stdoutLog.push(bytes));
    this.announcement = this.#announcement.promise;
    this.announcement.catch(() => {}); // Not everybody who reads the streams waits for it.
    this.drained = Promise.all([this.#readStdout(running), this.#readStderr(running, logLines(logger, "stderr"))]).then(() => {});
    feedStdin(running, options);
  }

  get stderrTail(): string {
    return this.#stderrTail.toString();
  }

  /** What stdout held instead of an announcement, for a start that failed. Empty if it was silent. */
  get noise(): string {
    return this.#search.noise;
  }

  async #readStdout(running: Running): Promise<void> {
    await readAll(running.stdout, (chunk) => {
      if (this.#searched) this.#afterSearch(chunk);
      else this.#settle(this.#search.push(chunk));
    });
    if (!this.#searched) this.#settle(this.#search.end());
    this.#searched = true;
    this.#stdoutLog.end();
    this.#announcement.reject(new Error("it closed its stdout before announcing an address"));
  }

  #settle(found: Found | undefined): void {
    if (found === undefined) return;
    this.#searched = true;
    if ("line" in found) this.#announcement.resolve(found.line);
    else this.#announcement.reject(found.error);
    if (found.rest.length > 0) this.#afterSearch(found.rest);
  }

  #afterSearch(chunk: Uint8Array): void {
    this.#stdoutLog.push(chunk);
    pass(chunk, this.#options.syncStdout);
  }

  async #readStderr(running: Running, log: LogLines): Promise<void> {
    await readAll(running.stderr, (chunk) => {
      this.#stderrTail.push(chunk);
      log.push(chunk);
      pass(chunk, this.#options.stderr);
      if (this.#searched) pass(chunk, this.#options.syncStderr);
    });
    log.end();
  }
}

/** A stream that breaks ends like any other: what it means for the plugin is told by its exit. */
async function readAll(stream: AsyncIterable<Uint8Array>, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  try {
    for await (const chunk of stream) onChunk(chunk);
  } catch {
    // A runtime other than ours may let a stream throw.
  }
}

function logLines(logger: Logger, stream: "stdout" | "stderr"): LogLines {
  return new LogLines((line) => {
    try {
      logger.info(line, { stream });
    } catch {
      // A log that fails must not keep the plugin's output from being read.
    }
  });
}

function pass(chunk: Uint8Array, to: Writable | undefined): void {
  if (to === undefined || to.destroyed || to.writableEnded) return;
  // Without a listener a writer that fails would end the host. It belongs to the caller, who may have one of their own.
  if (to.listenerCount("error") === 0) to.on("error", () => {});
  to.write(chunk);
}

function feedStdin({ stdin: target, exited }: Running, { stdin: source }: StdioOptions): void {
  if (source === undefined || target === undefined) return;
  const onError = (): void => void target.destroy();
  source.on("error", onError);
  source.pipe(target);
  // The source is the caller's, and may serve for a long time yet.
  void exited.then(() => {
    source.unpipe(target);
    source.off("error", onError);
  });
}
