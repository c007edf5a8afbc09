import { PluginError } from "../errors.js";
import { announcementWithin, lacksProtocol, looksLikeAnnouncement } from "../handshake/announcement.js";

const NEWLINE = 10;
const MAX_LINE_BYTES = 4 * 1024;
const MAX_NOISE_BYTES = 64 * 1024;
const MAX_NOISE_LINES = 200;
const MAX_SHOWN = 200;

/** How a search came out: the line, or why there will be none, and the bytes after it. */
export type Found = Outcome & { readonly rest: Uint8Array };
type Outcome = { readonly line: string } | { readonly error: PluginError };

/** Finds the announcement in what a plugin prints; however that is cut into chunks, the outcome is the same. */
export class AnnouncementSearch {
  readonly #onNoise: (bytes: Uint8Array) => void;
  /** The beginning of a line that may yet be the announcement. */
  #head: Buffer = Buffer.alloc(0);
  #first: string | undefined;
  /** A line that would be the announcement if it had a fifth field. */
  #short: string | undefined;
  #lineCount = 0;
  #byteCount = 0;

  /** @param onNoise Gets the lines that are not the announcement, as they come. */
  constructor(onNoise: (bytes: Uint8Array) => void) {
    this.#onNoise = onNoise;
  }

  /** What was printed so far instead of an announcement; empty if nothing was. */
  get noise(): string {
    const count = this.#lineCount + (this.#head.length > 0 ? 1 : 0);
    if (count === 0) return "";
    const first = this.#first ?? this.#head.toString("utf8", 0, MAX_LINE_BYTES).slice(0, MAX_SHOWN);
    const held = `stdout held ${count} line${count === 1 ? "" : "s"} and no announcement; the first: ${JSON.stringify(first)}`;
    if (this.#short === undefined) return held;
    return `${held}\n  ${JSON.stringify(this.#short)} would be one with a protocol as its fifth field: jsonrpc or jsonrpc+ws.`;
  }

  /** Undefined while the search goes on. */
  push(chunk: Uint8Array): Found | undefined {
    const bytes = Buffer.concat([this.#head, chunk]);
    let start = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, start);
      if (newline < 0) break;
      const end = newline + 1;
      const line = bytes.subarray(start, newline);
      const found = this.#take(line) ?? this.#takeWithin(line) ?? this.#count(bytes.subarray(start, end));
      this.#head = Buffer.alloc(0);
      if (found !== undefined) return { ...found, rest: bytes.subarray(end) };
      start = end;
    }
    this.#head = bytes.subarray(start);
    // What is short enough for an announcement may become one, wherever the chunk happened to end.
    if (this.#head.length <= MAX_LINE_BYTES) return undefined;
    const found =
      this.#take(this.#head) ?? (this.#byteCount + this.#head.length > MAX_NOISE_BYTES ? tooMuch(`${MAX_NOISE_BYTES} bytes`) : undefined);
    return found && { ...found, rest: this.#head };
  }

  /** The output is over: its last line may lack the newline. */
  end(): Found | undefined {
    return this.#head.length === 0 ? undefined : this.push(Buffer.from("\n"));
  }

  /** A line, or so much of one that it is too long for an announcement. */
  #take(bytes: Buffer): Outcome | undefined {
    const text = bytes.toString("utf8", 0, MAX_LINE_BYTES).replace(/\r$/, "");
    // Some languages begin their output with a byte order mark.
    const line = this.#lineCount === 0 ? text.replace(/^\uFEFF/, "") : text;
    if (looksLikeAnnouncement(line)) {
      return bytes.length <= MAX_LINE_BYTES ? { line } : bad(`its announcement line is longer than ${MAX_LINE_BYTES} bytes`);
    }
    if (line !== "") this.#first ??= line.slice(0, MAX_SHOWN);
    if (lacksProtocol(line)) this.#short ??= line.slice(0, MAX_SHOWN);
    return undefined;
  }

  /** Text without a newline came before it: a progress bar, a title for the terminal. */
  #takeWithin(bytes: Buffer): Outcome | undefined {
    const from = Math.max(0, bytes.length - MAX_LINE_BYTES);
    // A character for each byte.
    const index = announcementWithin(bytes.toString("latin1", from).replace(/\r$/, ""));
    if (index < 0) return undefined;
    this.#onNoise(bytes.subarray(0, from + index));
    this.#onNoise(Buffer.from("\n"));
    return { line: bytes.toString("utf8", from + index).replace(/\r$/, "") };
  }

  /** A line that is not the announcement. */
  #count(bytes: Uint8Array): Outcome | undefined {
    // An announcement may begin with a newline, so that it has a line of its own.
    if (bytes.length > 1) this.#lineCount++;
    this.#byteCount += bytes.length;
    this.#onNoise(bytes);
    if (this.#lineCount > MAX_NOISE_LINES) return tooMuch(`${MAX_NOISE_LINES} lines`);
    return this.#byteCount > MAX_NOISE_BYTES ? tooMuch(`${MAX_NOISE_BYTES} bytes`) : undefined;
  }
}

function tooMuch(what: string): Outcome {
  return bad(`it printed more than ${what} to stdout before an announcement`);
}

function bad(sentence: string): Outcome {
  return { error: new PluginError("BAD_HANDSHAKE", sentence) };
}
