import { RemoteError } from "../errors.js";
import { MAX_CRASH_REPORT_BYTES, parseCrashReport, RECORD_SEPARATOR } from "../handshake/crash-report.js";
import { freeChunk } from "../process/free-chunk.js";

const NEWLINE = 10;
// What comes between the separator and the JSON: enough to tell at little cost what cannot be the line.
const PROOF_BYTES = 64;
// A proof costs more to check than all else: what is too short to say a name and a message is not checked.
const MIN_BYTES = 1 + PROOF_BYTES + ' {"name":"","message":""}\n'.length;
const SPACE = 0x20;
const BRACE = 0x7b;

export interface CrashReportReader {
  /** All other bytes, in order, as they are. */
  other(bytes: Uint8Array): void;
  words(error: RemoteError): void;
}

/** Takes a plugin's last words out of what it writes to stderr. Holds back no more than what may yet be their beginning. */
export class CrashReportFilter {
  readonly #secret: string;
  readonly #reader: CrashReportReader;
  readonly #plugin: string | undefined;
  #held: Buffer = Buffer.alloc(0);

  /** @param plugin Whose words they are. */
  constructor(secret: string, reader: CrashReportReader, plugin?: string) {
    this.#secret = secret;
    this.#plugin = plugin;
    this.#reader = reader;
  }

  push(chunk: Uint8Array): void {
    if (this.#held.length === 0) return this.#take(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    const bytes = Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    this.#take(bytes);
    // A flood that has it made for every chunk would let them gather.
    freeChunk(bytes);
  }

  /** The stream is over. */
  end(): void {
    this.#pass(this.#held);
    this.#held = Buffer.alloc(0);
  }

  #take(bytes: Buffer): void {
    let from = 0;
    let newline = 0;
    for (let at = findHead(bytes, 0); at >= 0; at = findHead(bytes, at + 1)) {
      if (newline >= 0 && newline <= at) newline = bytes.indexOf(NEWLINE, at);
      if (newline < 0) {
        if (bytes.length - at >= MAX_CRASH_REPORT_BYTES) continue;
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

  #read(bytes: Buffer, start: number, end: number): RemoteError | undefined {
    if (end - start < MIN_BYTES || end - start > MAX_CRASH_REPORT_BYTES) return undefined;
    // None is within the line: the next one found is where another may begin, and this text is not looked at once more for each.
    if (bytes.subarray(start + 1, end).includes(RECORD_SEPARATOR)) return undefined;
    const words = parseCrashReport(bytes.toString("utf8", start, end), this.#secret);
    return words && new RemoteError(words.message, { remoteName: words.name, remoteCode: words.code, plugin: this.#plugin });
  }

  #pass(bytes: Buffer): void {
    if (bytes.length > 0) this.#reader.other(bytes);
  }
}

/** Where the next beginning of last words is, or what may yet be one; negative if there is none. */
function findHead(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(RECORD_SEPARATOR, from); at >= 0; at = bytes.indexOf(RECORD_SEPARATOR, at + 1)) {
    // A flood of nothing else: a step costs a tenth of a search.
    while (bytes[at + 1] === RECORD_SEPARATOR) at++;
    if (isHead(bytes, at)) return at;
  }
  return -1;
}

/** Says whether `<0x1E><64 hex digits> {` is there, or as much of it as there are bytes. */
function isHead(bytes: Buffer, at: number): boolean {
  const proofEnd = at + 1 + PROOF_BYTES;
  for (let digit = at + 1; digit < Math.min(proofEnd, bytes.length); digit++) {
    if (!isHexDigit(bytes[digit] as number)) return false;
  }
  return isAt(bytes, proofEnd, SPACE) && isAt(bytes, proofEnd + 1, BRACE);
}

function isAt(bytes: Buffer, at: number, byte: number): boolean {
  return at >= bytes.length || bytes[at] === byte;
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}
