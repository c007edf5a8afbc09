import type { Clock } from "../util/clock.js";

const MOST_LINES = 200;
const MOST_CHARACTERS = 32 * 1024;
// The lines of a block are written at once, and arrive within a moment. One that goes on for longer is no report of an end.
const PAUSE_MS = 50;

/** How a runtime reports what ended its program. */
interface Form {
  starts(line: string): boolean;
  /** Says whether the next line belongs to it, and is its last. `lines` are those before. */
  next(line: string, lines: readonly string[]): "more" | "last" | "over";
  /** What starts like a report may be any text: says whether it is one. */
  isReport(lines: readonly string[]): boolean;
}

/** `file:///x/kv.mjs:3`, the line, an arrow below it, the error, and `Node.js v20.11.0`. */
const NODE: Form = {
  starts: (line) => /^(?:file:\/\/|node:|\/|\[eval\d*\]|[A-Za-z]:[\\/]).*:\d+$|^\[eval\d*\]:\d+$/.test(line),
  next(line, { length }) {
    if (length === 2) return /^\s*\^+\s*$/.test(line) ? "more" : "over";
    return length > 2 && /^Node\.js v\d/.test(line) ? "last" : "more";
  },
  isReport: ({ length }) => length > 2,
};

const TRACEBACK = "Traceback (most recent call last):";
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** A traceback, its error, and perhaps those that it came from. */
const PYTHON: Form = {
  starts: (line) => line === TRACEBACK,
  next(line, lines) {
    if (line === "" || /^\s/.test(line) || line === TRACEBACK || CHAINED.test(line)) return "more";
    // The error itself, which is the one line that is not indented.
    const before = lines.at(-1) ?? "";
    return /^\s/.test(before) ? "more" : "over";
  },
  isReport: ({ length }) => length > 1,
};

const GO_LINE = /^$|^\s|^goroutine |^\[signal |^created by |^panic: |^fatal error: |^exit status \d|^[^\s"'{}]+\(.*\)$/;
/** `panic: …`, and where each goroutine was. */
const GO: Form = {
  starts: (line) => /^(?:panic|fatal error): /.test(line),
  next: (line) => (GO_LINE.test(line) ? "more" : "over"),
  isReport: (lines) => lines.some((line) => /^goroutine \d+ /.test(line)),
};

const FORMS: readonly Form[] = [NODE, PYTHON, GO];

export interface BlockReader {
  line(line: string, cut: boolean): void;
  /** The lines of a report, with newlines between them. */
  block(text: string): void;
}

/** Tells the report of an uncaught exception, which has many lines, from lines that are a record each. */
export class LogBlocks {
  readonly #reader: BlockReader;
  readonly #clock: Clock;
  #form: Form | undefined;
  #lines: string[] = [];
  #characters = 0;
  /** Lines of the block that there was no room for. */
  #left = 0;
  #stopTimer: (() => void) | undefined;

  constructor(reader: BlockReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  push(line: string, cut: boolean): void {
    if (this.#form === undefined) return this.#begin(line, cut);
    const belongs = this.#form.next(line, this.#lines);
    if (belongs === "over") {
      this.flush();
      return this.push(line, cut);
    }
    this.#keep(line);
    if (belongs === "last") this.flush();
  }

  /** Nothing more comes, or not soon. */
  flush(): void {
    const [form, lines, left] = [this.#form, this.#lines, this.#left];
    if (form === undefined) return;
    this.#stopTimer?.();
    this.#form = undefined;
    this.#lines = [];
    this.#characters = 0;
    this.#left = 0;
    if (form.isReport(lines)) {
      const more = left === 0 ? "" : `\n… (${left} more lines)`;
      this.#reader.block(`${lines.join("\n").trimEnd()}${more}`);
      return;
    }
    const [first = "", ...rest] = lines;
    this.#reader.line(first, false);
    // What followed may be the beginning of a report itself.
    for (const line of rest) this.push(line, false);
  }

  #begin(line: string, cut: boolean): void {
    this.#form = cut ? undefined : FORMS.find((form) => form.starts(line));
    if (this.#form === undefined) this.#reader.line(line, cut);
    else this.#keep(line);
  }

  #keep(line: string): void {
    if (this.#lines.length < MOST_LINES && this.#characters + line.length <= MOST_CHARACTERS) {
      this.#lines.push(line);
      this.#characters += line.length;
    } else {
      this.#left++;
    }
    this.#stopTimer?.();
    this.#stopTimer = this.#clock.after(PAUSE_MS, () => this.flush());
  }
}
