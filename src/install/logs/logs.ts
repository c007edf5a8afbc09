import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../util/clock.js";
import { filterOf, type LogEntry, type LogQuery } from "./log-entry.js";
import { LogReader } from "./log-reader.js";
import { PluginLog } from "./plugin-log.js";
import { type ResolvedLogLimits, RotatedFile } from "./rotated-file.js";

export interface LogsOptions {
  /** Where they are. */
  readonly directory: string;
  readonly limits: ResolvedLogLimits;
  readonly clock: Clock;
  onFailure(sentence: string, error: unknown): void;
}

/** The logs of all plugins, a directory for each. */
export class Logs {
  readonly #options: LogsOptions;
  readonly #logs = new Map<string, PluginLog>();
  readonly #readers = new Set<LogReader>();
  /** Those who follow all plugins, also those that come. */
  readonly #all = new Set<(entry: LogEntry) => void>();

  constructor(options: LogsOptions) {
    this.#options = options;
  }

  add(entry: LogEntry): void {
    this.#of(entry.plugin).add(entry);
  }

  /** Records that neither disk nor memory had room for. */
  lostOf(id: string): number {
    return this.#logs.get(id)?.lost ?? 0;
  }

  /** The last that were asked for, in order; then, with `follow`, those that come, until the signal aborts or the reader leaves. */
  async *read(query: LogQuery): AsyncGenerator<LogEntry, undefined> {
    const { plugin, tail = 1_000, follow = false, signal } = query;
    const fits = filterOf(query);
    const reader = new LogReader(signal);
    const push = (entry: LogEntry): void => {
      if (fits(entry)) reader.push(entry);
    };
    this.#readers.add(reader);
    try {
      const history =
        plugin === undefined
          ? await this.#historyOfAll(query, follow ? push : undefined)
          : await this.#history(plugin, query, follow ? push : undefined);
      for (const entry of history.slice(Math.max(0, history.length - tail))) yield entry;
      if (!follow) return;
      for (let step = await reader.next(); step.done !== true; step = await reader.next()) yield step.value;
    } finally {
      reader.end();
      this.#readers.delete(reader);
      this.#all.delete(push);
      for (const log of this.#logs.values()) log.unfollow(push);
    }
  }

  /** Forgets a plugin's, with its files. */
  async remove(id: string): Promise<void> {
    const log = this.#logs.get(id);
    this.#logs.delete(id);
    await log?.close();
    await rm(join(this.#options.directory, id), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) reader.end();
    await Promise.all([...this.#logs.values()].map((log) => log.close()));
  }

  #of(id: string): PluginLog {
    const known = this.#logs.get(id);
    if (known !== undefined) return known;
    const { directory, limits, clock, onFailure } = this.#options;
    const log = new PluginLog({
      file: new RotatedFile(join(directory, id, "log.jsonl"), limits),
      clock,
      onFailure: (error) =>
        onFailure(`Cannot write the log of plugin "${id}": what it says is kept in memory as far as there is room`, error),
    });
    for (const follow of this.#all) log.follow(follow);
    this.#logs.set(id, log);
    return log;
  }

  async #history(id: string, { tail = 1_000, ...query }: LogQuery, follow: ((entry: LogEntry) => void) | undefined): Promise<LogEntry[]> {
    const fits = filterOf(query);
    const since = sinceOf(query.since);
    const found: LogEntry[] = [];
    const opened = await this.#of(id).read(follow);
    try {
      for await (const entry of opened.entries) {
        if (found.length >= tail || (since !== undefined && entry.time < since)) break;
        if (fits(entry)) found.push(entry);
      }
    } finally {
      await opened.close();
    }
    return found.reverse();
  }

  /** The last of each, put in order by their time. */
  async #historyOfAll(query: LogQuery, follow: ((entry: LogEntry) => void) | undefined): Promise<LogEntry[]> {
    const names = new Set([...(await readdir(this.#options.directory).catch(() => [])), ...this.#logs.keys()]);
    for (const id of names) this.#of(id);
    // Those that come later are followed from their beginning.
    if (follow !== undefined) this.#all.add(follow);
    const parts: LogEntry[] = [];
    for (const id of names) parts.push(...(await this.#history(id, query, follow)));
    return parts.sort((one, other) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0));
  }
}

function sinceOf(since: Date | number | undefined): string | undefined {
  if (since === undefined) return undefined;
  return new Date(since instanceof Date ? since.getTime() : Date.now() - since).toISOString();
}
