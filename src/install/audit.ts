import { join } from "node:path";
import { RotatedFile } from "./logs/rotated-file.js";

/** Something that was done to the plugins of a host, or refused. */
export interface AuditEntry {
  /** As ISO 8601, by the host's clock. */
  readonly time: string;
  /** `install`, `update`, `rollback`, `pin`, `unpin`, `uninstall`, `grant`, `settings`, `token.issue`, `token.cycle`, `token.revoke`, `access`. */
  readonly action: string;
  /** Whose it was; empty where a package did not come so far as to say. */
  readonly plugin: string;
  /** False for what was refused or failed. */
  readonly ok: boolean;
  /** What is known of it: version, source, digest, what was granted, why it was refused. */
  readonly details: Readonly<Record<string, unknown>>;
}

const LIMITS = { maxFileBytes: 10 * 2 ** 20, maxFiles: 5 };

/** What was done to the plugins of a host: JSON lines, each on disk before the next. */
export class Audit {
  readonly #file: RotatedFile;
  readonly #onFailure: (sentence: string, error: unknown) => void;
  #last: Promise<void> = Promise.resolve();

  constructor(directory: string, onFailure: (sentence: string, error: unknown) => void) {
    this.#file = new RotatedFile(join(directory, "audit.jsonl"), LIMITS);
    this.#onFailure = onFailure;
  }

  /** Resolves once it is on disk, or could not be written: that undoes nothing, and is told to the host's log. */
  add(action: string, plugin: string, ok: boolean, details: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const entry: AuditEntry = { time: new Date().toISOString(), action, plugin, ok, details };
    this.#last = this.#last
      .then(() => this.#file.append(`${JSON.stringify(entry)}\n`, { sync: true }))
      .catch((error: unknown) => this.#onFailure("Cannot write the audit", error));
    return this.#last;
  }

  /** The last of them, in order. */
  async read(tail: number, since: Date | number | undefined): Promise<readonly AuditEntry[]> {
    await this.#last;
    const oldest = since === undefined ? "" : new Date(since instanceof Date ? since.getTime() : Date.now() - since).toISOString();
    const found: AuditEntry[] = [];
    const { lines, close } = await this.#file.openBackwards();
    try {
      for await (const line of lines) {
        const entry = parse(line);
        if (entry === undefined) continue;
        if (found.length >= tail || entry.time < oldest) break;
        found.push(entry);
      }
    } finally {
      await close();
    }
    return found.reverse();
  }

  /** Resolves once all of it is on disk. */
  async close(): Promise<void> {
    await this.#last;
  }
}

function parse(line: string): AuditEntry | undefined {
  try {
    return JSON.parse(line) as AuditEntry;
  } catch {
    return undefined;
  }
}
