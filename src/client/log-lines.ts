import { StringDecoder } from "node:string_decoder";

// A line is cut there: a plugin that never ends its line must not fill the host's memory.
const MOST_CHARACTERS = 8 * 1024;

/** Bytes of a plugin's output to lines for the log, whatever the bytes are. */
export class LogLines {
  readonly #decoder = new StringDecoder("utf8");
  readonly #log: (line: string) => void;
  #rest = "";
  #skipping = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  push(chunk: Uint8Array): void {
    const lines = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)).split("\n");
    const last = lines.pop() as string;
    for (const line of lines) this.#end(line);
    if (this.#skipping) return;
    this.#rest += last;
    if (this.#rest.length <= MOST_CHARACTERS) return;
    this.#end("");
    this.#skipping = true;
  }

  /** What is left when the stream ends. */
  end(): void {
    if (this.#rest !== "") this.#end("");
  }

  #end(last: string): void {
    const line = this.#rest + last;
    this.#rest = "";
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const cut = line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}… (cut)` : line;
    const shown = escapeControls(cut.endsWith("\r") ? cut.slice(0, -1) : cut);
    if (shown !== "") this.#log(shown);
  }
}

/** Control characters, and those that turn the direction of text, as escapes: a plugin must not write into a terminal. */
export function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
