const MOST_BYTES = 8 * 1024;

/** The last of what a stream said, at most 8 KiB. */
export class Tail {
  #chunks: Buffer[] = [];
  #bytes = 0;

  push(chunk: Uint8Array): void {
    const kept = Buffer.from(chunk.subarray(Math.max(0, chunk.length - MOST_BYTES)));
    this.#chunks.push(kept);
    this.#bytes += kept.length;
    if (this.#bytes > 2 * MOST_BYTES) this.#compact();
  }

  toString(): string {
    this.#compact();
    return Buffer.concat(this.#chunks).toString();
  }

  #compact(): void {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all.subarray(Math.max(0, all.length - MOST_BYTES))];
    this.#bytes = this.#chunks[0]?.length ?? 0;
  }
}

/**
 * The last line of a program's output that says something, or undefined.
 *
 * Node.js ends its report of an uncaught error with its own version, below the stack and the error's properties.
 */
export function lastLine(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const said = lines.filter((line) => line !== "" && line !== "}" && !/^Node\.js v\d/.test(line));
  const crash = lines.some((line) => /^Node\.js v\d/.test(line));
  const error = crash ? said.findLast((line) => /^(Uncaught )?[A-Za-z]*(Error|Exception)\b/.test(line)) : undefined;
  // What is indented belongs to a line above it.
  const line = error ?? said.findLast((line) => !/^\s/.test(line)) ?? said.at(-1);
  return line?.trim().replace(/ \{$/, "");
}
