import type { RemoteError } from "../errors.js";
import { StartFault } from "../executable/start-fault.js";
import { OutputLog } from "../output/output-log.js";
import { RawWriter } from "../output/raw-writer.js";
import { readOutput } from "../output/read-output.js";
import { Tail } from "../output/tail.js";
import { feedStdin } from "../process/feed-stdin.js";
import type { Running, StdioOptions } from "../process/runtime.js";
import { type Clock, systemClock } from "../util/clock.js";
import { type Deferred, deferred } from "../util/deferred.js";
import type { Logger } from "../util/logger.js";
import { AnnouncementSearch, type Found } from "./announcement-search.js";
import { CrashReportFilter } from "./crash-report-filter.js";

/** Whose output it is. */
export interface StdioSource {
  /** The plugin as people know it, for sentences. */
  readonly shown: string;
  /** What the plugin proves its last words with. */
  readonly secret: string;
  /** Its id. */
  readonly plugin?: string | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Reads a plugin's stdout and stderr, always and to the end, whatever is or is not listening: a full pipe would stall it.
 */
export class Stdio {
  /** The announcement line; rejects with the end of a sentence if stdout holds none. */
  readonly announcement: Promise<string>;
  /** Resolves when both streams have ended. Never rejects. */
  readonly drained: Promise<void>;
  /** Resolves when stderr has ended, or the plugin has told there why it ends. Never rejects. */
  readonly reported: Promise<void>;
  readonly #announcement: Deferred<string> = deferred();
  readonly #reported: Deferred<void> = deferred();
  readonly #stderrTail = new Tail();
  readonly #clock: Clock;
  readonly #log: OutputLog;
  readonly #search: AnnouncementSearch;
  readonly #stderr: RawWriter | undefined;
  readonly #syncStdout: RawWriter | undefined;
  readonly #syncStderr: RawWriter | undefined;
  /** The announcement was found, or cannot come any more. */
  #searched = false;
  #crashReport: RemoteError | undefined;

  constructor(running: Running, options: StdioOptions, logger: Logger, source: StdioSource) {
    const writer = (name: "stderr" | "syncStdout" | "syncStderr"): RawWriter | undefined =>
      options[name] && new RawWriter(options[name], (what) => warn(logger, name, source.shown, what));
    this.#stderr = writer("stderr");
    this.#syncStdout = writer("syncStdout");
    this.#syncStderr = writer("syncStderr");
    this.#clock = source.clock ?? systemClock;
    this.#log = new OutputLog(logger, this.#clock);
    this.#search = new AnnouncementSearch((bytes) => this.#log.stdout.push(bytes));
    this.announcement = this.#announcement.promise;
    this.announcement.catch(() => {}); // Not everybody who reads the streams waits for it.
    this.reported = this.#reported.promise;
    this.drained = Promise.all([this.#readStdout(running), this.#readStderr(running, source)]).then(() => {});
    if (options.stdin && running.stdin) feedStdin(options.stdin, running.stdin, running.exited);
  }

  get stderrTail(): string {
    return this.#stderrTail.toString();
  }

  /** The uncaught exception that the plugin said it ends by. */
  get crashReport(): RemoteError | undefined {
    return this.#crashReport;
  }

  /** What stdout held instead of an announcement, for a start that failed. Empty if it was silent. */
  get noise(): string {
    return this.#search.noise;
  }

  async #readStdout(running: Running): Promise<void> {
    await readOutput(running.stdout, this.#clock, (chunk) => {
      if (this.#searched) this.#afterSearch(chunk);
      else this.#settle(this.#search.push(chunk));
    });
    if (!this.#searched) this.#settle(this.#search.end());
    this.#searched = true;
    this.#log.end("stdout");
    this.#syncStdout?.end();
    this.#announcement.reject(new StartFault("silent", "it closed its stdout before announcing an address"));
  }

  #settle(found: Found | undefined): void {
    if (found === undefined) return;
    this.#searched = true;
    if ("line" in found) this.#announcement.resolve(found.line);
    else this.#announcement.reject(found.error);
    if (found.rest.length > 0) this.#afterSearch(found.rest);
  }

  #afterSearch(chunk: Uint8Array): void {
    this.#log.stdout.push(chunk);
    this.#syncStdout?.write(chunk);
  }

  async #readStderr(running: Running, { secret, plugin }: StdioSource): Promise<void> {
    const reader = {
      other: (bytes: Uint8Array): void => this.#onStderr(bytes),
      words: (error: RemoteError): void => {
        this.#crashReport ??= error;
        this.#reported.resolve();
      },
    };
    const filter = new CrashReportFilter(secret, reader, plugin);
    await readOutput(running.stderr, this.#clock, (chunk) => filter.push(chunk));
    filter.end();
    this.#log.end("stderr");
    this.#stderr?.end();
    this.#syncStderr?.end();
    this.#reported.resolve();
  }

  #onStderr(chunk: Uint8Array): void {
    this.#stderrTail.push(chunk);
    this.#log.stderr.push(chunk);
    this.#stderr?.write(chunk);
    if (this.#searched) this.#syncStderr?.write(chunk);
  }
}

function warn(logger: Logger, name: string, shown: string, what: string): void {
  logger.warn(`Cannot pass all of the output of plugin "${shown}" to ${name}: ${what}; what it cannot take is left out`);
}
