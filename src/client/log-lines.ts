const NEWLINE = 10;
// A line is cut there: a plugin that never ends its line must not fill the host's memory.
const MOST_BYTES = 8 * 1024;
const CUT = "… (cut)";

/** Bytes of a plugin's output to lines for the log, whatever the bytes are; memory for one cut line is all it takes. */
export class LogLines {
  readonly #onLine: (line: string, cut: boolean) => void;
  readonly #admit: () => boolean;
  /** The beginning of a line whose end is yet to come. Made when first needed: most chunks end with their line. */
  #partial: Buffer | undefined;
  #length = 0;
  #cut = false;

  /** @param admit Asked once for each line, before it is looked at: false leaves it out. */
  constructor(onLine: (line: string, cut: boolean) => void, admit: () => boolean = () => true) {
    this.#onLine = onLine;
    this.#admit = admit;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, start);
      if (newline < 0) return this.#keep(bytes, start, bytes.length);
      if (this.#length > 0) {
        this.#keep(bytes, start, newline);
        this.#endPartial();
      } else {
        this.#end(bytes, start, Math.min(newline, start + MOST_BYTES), newline - start > MOST_BYTES);
      }
      start = newline + 1;
    }
  }

  /** What is left when the stream ends. */
  end(): void {
    if (this.#length > 0) this.#endPartial();
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    this.#partial ??= Buffer.allocUnsafeSlow(MOST_BYTES);
    const copied = bytes.copy(this.#partial, this.#length, start, end);
    this.#length += copied;
    if (copied < end - start) this.#cut = true;
  }

  #endPartial(): void {
    const [length, cut] = [this.#length, this.#cut];
    this.#length = 0;
    this.#cut = false;
    this.#end(this.#partial as Buffer, 0, length, cut);
  }

  #end(bytes: Buffer, start: number, end: number, cut: boolean): void {
    if (!this.#admit()) return;
    const text = bytes.toString("utf8", start, end);
    // A cut may have gone through a character.
    if (cut) this.#onLine(`${withoutBroken(text)}${CUT}`, true);
    else this.#onLine(text.endsWith("\r") ? text.slice(0, -1) : text, false);
  }
}

/** Without what stands for broken characters at the end. A pattern for that would begin again at every one of them in the middle. */
function withoutBroken(text: string): string {
  let end = text.length;
  while (text[end - 1] === "\uFFFD") end--;
  return text.slice(0, end);
}
