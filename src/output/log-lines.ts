const NEWLINE = 10;
// A line is cut there: a plugin that never ends its line must not fill the host's memory.
const MAX_BYTES = 8 * 1024;
const CUT = "… (cut)";

/** Says which lines are looked at. */
export interface LineGate {
  /** Asked for a line before it is made: false leaves it out. */
  admit(): boolean;
  /** So many more were left out unasked. */
  drop(count: number): void;
}

const OPEN: LineGate = { admit: () => true, drop() {} };

/** Bytes of a plugin's output to lines for the log, whatever the bytes are; memory for one cut line is all it takes. */
export class LogLines {
  readonly #onLine: (line: string, cut: boolean) => void;
  readonly #gate: LineGate;
  /** The beginning of a line whose end is yet to come. Made when first needed: most chunks end with their line. */
  #partial: Buffer | undefined;
  #length = 0;
  #cut = false;

  constructor(onLine: (line: string, cut: boolean) => void, gate: LineGate = OPEN) {
    this.#onLine = onLine;
    this.#gate = gate;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, start);
      if (newline < 0) return this.#keep(bytes, start, bytes.length);
      const admitted = this.#gate.admit();
      if (this.#length > 0) {
        this.#keep(bytes, start, newline);
        this.#endPartial(admitted);
      } else if (admitted) {
        this.#end(bytes, start, Math.min(newline, start + MAX_BYTES), newline - start > MAX_BYTES);
      }
      start = admitted ? newline + 1 : this.#dropRest(bytes, newline + 1);
    }
  }

  /** What is left when the stream ends. */
  end(): void {
    if (this.#length > 0) this.#endPartial(this.#gate.admit());
  }

  /** Where the last, unfinished line begins. Those before it are not asked for one by one: a chunk may have 65,536 of them. */
  #dropRest(bytes: Buffer, from: number): number {
    let start = from;
    let count = 0;
    for (let at = from; at < bytes.length; at++) {
      if (bytes[at] !== NEWLINE) continue;
      count++;
      start = at + 1;
    }
    if (count > 0) this.#gate.drop(count);
    return start;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    this.#partial ??= Buffer.allocUnsafeSlow(MAX_BYTES);
    const copied = bytes.copy(this.#partial, this.#length, start, end);
    this.#length += copied;
    if (copied < end - start) this.#cut = true;
  }

  #endPartial(admitted: boolean): void {
    const [length, cut] = [this.#length, this.#cut];
    this.#length = 0;
    this.#cut = false;
    if (admitted) this.#end(this.#partial as Buffer, 0, length, cut);
  }

  #end(bytes: Buffer, start: number, end: number, cut: boolean): void {
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
