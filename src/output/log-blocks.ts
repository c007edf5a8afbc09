import type { Clock } from "../util/clock.js";
import { type Form, startsReport } from "./log-forms.js";
import { isLogRecord } from "./log-record.js";

const MAX_LINES = 200;
const MAX_CHARACTERS = 32 * 1024;
// The lines of a report are written at once, and arrive within a moment. One that goes on for longer is no report of an end.
const PAUSE_MS = 50;
// However its lines come: a program that lives on is not to wait for its own log.
const MAX_MS = 250;

export interface BlockReader {
  line(line: string, cut: boolean): void;
  /** The lines of a report, with newlines between them. */
  block(text: string): void;
}

/** Tells the report of an uncaught exception, which has many lines, from lines that are a record each. Every line comes out, or is counted. */
export class LogBlocks {
  readonly #reader: BlockReader;
  readonly #clock: Clock;
  #form: Form | undefined;
  #lines: string[] = [];
  /** Which of them are the beginning of a longer line. */
  #cut = new Set<number>();
  #characters = 0;
  /** Lines of a report that there was no room for. */
  #left = 0;
  #before = "";
  #begunAt = 0;
  #latestAt = 0;
  #stopTimer: (() => void) | undefined;

  constructor(reader: BlockReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  push(line: string, cut: boolean): void {
    if (this.#form === undefined) return this.#begin(line, cut);
    const belongs = isLogRecord(line, cut) ? "over" : this.#form.next(line, this.#before, this.#lines.length + this.#left);
    if (belongs === "over" || !this.#keep(line, cut)) {
      this.flush();
      // It may be the beginning of another.
      return this.#begin(line, cut);
    }
    if (belongs === "last") this.flush();
  }

  /** Nothing more comes, or not soon. */
  flush(): void {
    const [form, lines, cut, left] = [this.#form, this.#lines, this.#cut, this.#left];
    if (form === undefined) return;
    this.#stopTimer?.();
    this.#form = undefined;
    this.#lines = [];
    this.#cut = new Set();
    this.#characters = 0;
    this.#left = 0;
    const length = form.reportLength(lines);
    if (length > 0) {
      const more = left === 0 ? "" : `\n… (${left} more lines)`;
      this.#reader.block(`${lines.slice(0, length).join("\n").trimEnd()}${more}`);
    }
    // None of them is the first of a report: that would have ended this one.
    for (let index = length; index < lines.length; index++) this.#reader.line(lines[index] as string, cut.has(index));
  }

  #begin(line: string, cut: boolean): void {
    this.#form = cut ? undefined : startsReport(line);
    if (this.#form === undefined) return this.#reader.line(line, cut);
    this.#begunAt = this.#clock.now();
    this.#keep(line, cut);
    this.#wait(PAUSE_MS);
  }

  /** False where there is no room, and a line left out would not be known to be a report's. */
  #keep(line: string, cut: boolean): boolean {
    if (this.#left === 0 && this.#lines.length < MAX_LINES && this.#characters + line.length <= MAX_CHARACTERS) {
      if (cut) this.#cut.add(this.#lines.length);
      this.#lines.push(line);
      this.#characters += line.length;
    } else {
      if (this.#left === 0 && this.#form?.reportLength(this.#lines) !== this.#lines.length) return false;
      this.#left++;
    }
    this.#before = line;
    this.#latestAt = this.#clock.now();
    return true;
  }

  #wait(ms: number): void {
    const lines = this.#lines;
    this.#stopTimer = this.#clock.after(ms, () => {
      // Where this program was held up, the timer is due before what waits to be read has been; and that may end the block.
      this.#clock.soon(() => lines === this.#lines && this.#look());
    });
  }

  #look(): void {
    const restMs = Math.min(this.#latestAt + PAUSE_MS, this.#begunAt + MAX_MS) - this.#clock.now();
    if (restMs > 0) this.#wait(restMs);
    else this.flush();
  }
}
