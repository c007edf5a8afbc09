import { appendFile, type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { linesBackwards } from "./read-backwards.js";

/** How much of a log is kept. */
export interface LogLimits {
  /** Bytes of one file: then the next is begun. @default 10_485_760 */
  readonly maxFileBytes?: number | undefined;
  /** Files, the one that is written among them. @default 5 */
  readonly maxFiles?: number | undefined;
}
export type ResolvedLogLimits = { readonly [K in keyof LogLimits]-?: number };

/** Lines of files that are open. */
export interface OpenedLines {
  /** The newest first. */
  readonly lines: AsyncIterable<string>;
  close(): Promise<void>;
}

/** Lines appended to a file, which is followed by another once it is long: `log.jsonl`, then `log.1.jsonl` for the one before, and so on. */
export class RotatedFile {
  readonly #path: string;
  readonly #limits: ResolvedLogLimits;
  #bytes: number | undefined;
  /** The end of a line may not have been written: the next begins on a line of its own. */
  #isTorn = false;

  constructor(path: string, limits: ResolvedLogLimits) {
    this.#path = path;
    this.#limits = limits;
  }

  /** @throws {Error} The system's. Part of it may have been written; lines that are cut are no JSON. */
  async append(text: string, { sync = false }: { readonly sync?: boolean } = {}): Promise<void> {
    this.#bytes ??= await this.#sizeNow();
    if (this.#bytes > 0 && this.#bytes + Buffer.byteLength(text) > this.#limits.maxFileBytes) await this.#rotate();
    const whole = this.#isTorn ? `\n${text}` : text;
    try {
      await appendFile(this.#path, whole, { mode: 0o600, flush: sync } as Parameters<typeof appendFile>[2]);
      this.#isTorn = false;
      this.#bytes += Buffer.byteLength(whole);
    } catch (error) {
      this.#isTorn = true;
      this.#bytes = undefined;
      throw error;
    }
  }

  /** All files as they are when it is called. Whoever opens them closes them. */
  async openBackwards(): Promise<OpenedLines> {
    const files: { readonly file: FileHandle; readonly bytes: number }[] = [];
    const close = async (): Promise<void> => {
      for (const { file } of files.splice(0)) await file.close();
    };
    try {
      for (let index = 0; index < this.#limits.maxFiles; index++) {
        const file = await open(this.#pathOf(index), "r").catch(ignoreMissing);
        if (file !== undefined) files.push({ file, bytes: (await file.stat()).size });
      }
    } catch (error) {
      await close();
      throw error;
    }
    return { lines: allBackwards([...files]), close };
  }

  async #sizeNow(): Promise<number> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const found = await stat(this.#path).catch(ignoreMissing);
    return found?.size ?? 0;
  }

  async #rotate(): Promise<void> {
    const { maxFiles } = this.#limits;
    await rm(this.#pathOf(maxFiles - 1), { force: true });
    for (let index = maxFiles - 2; index >= 0; index--) await rename(this.#pathOf(index), this.#pathOf(index + 1)).catch(ignoreMissing);
    this.#bytes = 0;
  }

  #pathOf(index: number): string {
    return index === 0 ? this.#path : this.#path.replace(/\.jsonl$/, `.${index}.jsonl`);
  }
}

async function* allBackwards(files: readonly { readonly file: FileHandle; readonly bytes: number }[]): AsyncGenerator<string> {
  for (const { file, bytes } of files) yield* linesBackwards(file, bytes);
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
