import { panicIn } from "./log-forms.js";

const MAX_BYTES = 8 * 1024;

/** The last of what a stream said, at most 8 KiB. */
export class Tail {
  /** Twice as long, so that what is kept moves to its beginning only now and then. Made when something is said. */
  #buffer: Buffer | undefined;
  #length = 0;

  push(chunk: Uint8Array): void {
    this.#buffer ??= Buffer.allocUnsafeSlow(2 * MAX_BYTES);
    const kept = chunk.subarray(Math.max(0, chunk.length - MAX_BYTES));
    if (this.#length + kept.length > this.#buffer.length) {
      const before = Math.min(this.#length, MAX_BYTES - kept.length);
      this.#buffer.copyWithin(0, this.#length - before, this.#length);
      this.#length = before;
    }
    this.#buffer.set(kept, this.#length);
    this.#length += kept.length;
  }

  toString(): string {
    return this.#buffer?.toString("utf8", Math.max(0, this.#length - MAX_BYTES), this.#length) ?? "";
  }
}

/**
 * The last line of a program's output that says something, or undefined.
 *
 * Node.js ends its report of an uncaught error with its own version, below the stack and the error's properties. A panic of Go or Rust
 * names itself at the beginning of its report.
 */
export function lastLine(text: string): string | undefined {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const said = lines.filter((line) => line !== "" && line !== "}" && !/^Node\.js v\d/.test(line));
  const panic = panicIn(lines);
  if (panic !== undefined) return panic;
  const crash = lines.some((line) => /^Node\.js v\d/.test(line));
  const error = crash ? said.findLast((line) => /^(Uncaught )?[A-Za-z]*(Error|Exception)\b/.test(line)) : undefined;
  // What is indented belongs to a line above it.
  const line = error ?? said.findLast((line) => !/^\s/.test(line)) ?? said.at(-1);
  return line?.trim().replace(/ \{$/, "");
}
