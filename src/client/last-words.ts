import { RemoteError } from "../errors.js";
import { MOST_LAST_WORDS_BYTES, parseLastWords, RECORD_SEPARATOR } from "../handshake/last-words.js";

const NEWLINE = 10;
// What comes before the JSON: enough to tell at little cost what cannot be the line.
const HEAD_BYTES = 67;
const HEAD = /^\u001e[0-9a-f]{64} \{/;
const HEAD_BEGINNING = /^\u001e(?:[0-9a-f]{0,64}|[0-9a-f]{64} )$/;

export interface LastWordsReader {
  /** All other bytes, in order, as they are. */
  other(bytes: Uint8Array): void;
  words(error: RemoteError): void;
}

/** Takes a plugin's last words out of what it writes to stderr. Holds back no more than what may yet be their beginning. */
export class LastWordsFilter {
  readonly #secret: string;
  readonly #reader: LastWordsReader;
  #held: Buffer = Buffer.alloc(0);

  constructor(secret: string, reader: LastWordsReader) {
    this.#secret = secret;
    this.#reader = reader;
  }

  push(chunk: Uint8Array): void {
    const bytes = this.#held.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    let from = 0;
    let newline = 0;
    for (let at = bytes.indexOf(RECORD_SEPARATOR); at >= 0; at = bytes.indexOf(RECORD_SEPARATOR, at + 1)) {
      if (newline >= 0 && newline <= at) newline = bytes.indexOf(NEWLINE, at);
      const head = bytes.toString("latin1", at, at + HEAD_BYTES);
      if (!HEAD.test(head) && !(head.length < HEAD_BYTES && HEAD_BEGINNING.test(head))) continue;
      if (newline < 0) {
        if (bytes.length - at >= MOST_LAST_WORDS_BYTES) continue;
        this.#pass(bytes.subarray(from, at));
        this.#held = Buffer.from(bytes.subarray(at));
        return;
      }
      const error = this.#read(bytes, at, newline + 1);
      if (error === undefined) continue;
      this.#pass(bytes.subarray(from, at));
      this.#reader.words(error);
      from = newline + 1;
    }
    this.#pass(bytes.subarray(from));
  }

  /** The stream is over. */
  end(): void {
    this.#pass(this.#held);
    this.#held = Buffer.alloc(0);
  }

  #read(bytes: Buffer, start: number, end: number): RemoteError | undefined {
    if (end - start > MOST_LAST_WORDS_BYTES) return undefined;
    const words = parseLastWords(bytes.toString("utf8", start, end), this.#secret);
    return words && new RemoteError(words.message, { remoteName: words.name, remoteCode: words.code });
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.#reader.other(bytes);
  }
}
