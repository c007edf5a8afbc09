/**
 * How a runtime reports what ended its program.
 *
 * Lines are the plugin's, and may be made to hold up whoever reads them: each is looked at by a pattern that is done within a
 * few characters, or by a search for one character. `output-patterns.test.ts` proves it.
 */
export interface Form {
  starts(line: string): boolean;
  /**
   * Says whether a line belongs to the report, and is its last.
   * @param before The line above it.
   * @param count How many there were before it.
   */
  next(line: string, before: string, count: number): "more" | "last" | "over";
  /** What starts like a report may be any text: of how many of the lines, from the first, it is one. */
  reportLength(lines: readonly string[]): number;
}

const NODE_PLACE = /^(?:file:\/\/|node:|\/|\[eval\d*\]|[A-Za-z]:[\\/])/;
const NODE_END = /^Node\.js v\d/;
/** `file:///x/kv.mjs:3`, the line, an arrow below it, the error, and `Node.js v20.11.0`. */
const NODE: Form = {
  starts(line) {
    const place = NODE_PLACE.exec(line)?.[0];
    const colon = line.lastIndexOf(":");
    return place !== undefined && colon >= place.length && isDigits(line, colon + 1);
  },
  next(line, _before, count) {
    if (count === 2) return /^\^+$/.test(line.trim()) ? "more" : "over";
    if (count > 2 && NODE_END.test(line)) return "last";
    return startsReport(line) ? "over" : "more";
  },
  reportLength(lines) {
    if (lines.length < 3) return 0;
    if (NODE_END.test(lines.at(-1) as string)) return lines.length;
    // A SyntaxError that was caught and printed looks the same, and ends with its stack. What comes after that is somebody else's.
    const stack = lines.findIndex(isFrame);
    const after = stack < 0 ? -1 : lines.findIndex((line, index) => index > stack && line !== "" && line[0] !== "}" && !isIndented(line));
    return after < 0 ? lines.length : after;
  },
};

const TRACEBACK = "Traceback (most recent call last):";
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** A traceback, its error, and perhaps those that it came from. */
const PYTHON: Form = {
  starts: (line) => line === TRACEBACK,
  next(line, before) {
    if (line === "" || isIndented(line)) return "more";
    if (line === TRACEBACK || CHAINED.test(line)) return before === "" ? "more" : "over";
    // The error itself, which is the one line that is not indented.
    return isIndented(before) && !startsReport(line) ? "more" : "over";
  },
  reportLength: (lines) => (lines.some(isIndented) ? lines.length : 0),
};

const GO_LINE = /^(?:$|\s|goroutine |\[signal |created by |exit status \d)/;
/** `panic: …`, and where each goroutine was. */
const GO: Form = {
  starts: (line) => /^(?:panic|fatal error): /.test(line),
  next: (line) => (GO_LINE.test(line) || isGoCall(line) ? "more" : "over"),
  reportLength: (lines) => (lines.some((line) => /^goroutine \d+ /.test(line)) ? lines.length : 0),
};

const RUST_PANIC = /^thread '[^']{0,64}'(?: \(\d{1,10}\))? panicked at /;
/** `thread 'main' panicked at src/main.rs:2:5:`, what it said, and how to see more, or where it was. */
const RUST: Form = {
  starts: (line) => RUST_PANIC.test(line),
  next(line, before, count) {
    // Its place is on the first line, and its message on the next; once both were on one.
    if (count === 1 && before.endsWith(":")) return "more";
    if (line.startsWith("note: ")) return "last";
    return line === "stack backtrace:" || isIndented(line) ? "more" : "over";
  },
  reportLength: (lines) => lines.length,
};

const FORMS: readonly Form[] = [NODE, PYTHON, GO, RUST];

/** The line of a panic's report that names it: Go has where each goroutine was below it, Rust how to see more. */
export function panicIn(lines: readonly string[]): string | undefined {
  const go = lines.some((line) => /^goroutine \d+ /.test(line)) ? lines.findLastIndex((line) => GO.starts(line)) : -1;
  const at = Math.max(
    go,
    lines.findLastIndex((line) => RUST_PANIC.test(line)),
  );
  const line = lines[at];
  return line?.endsWith(":") && at !== go ? `${line} ${lines[at + 1] ?? ""}`.trimEnd() : line;
}

/** The form of the report that a line may be the first of. */
export function startsReport(line: string): Form | undefined {
  return FORMS.find((form) => form.starts(line));
}

function isIndented(line: string): boolean {
  return /^\s/.test(line);
}

/** `    at main (file:///x/kv.mjs:3:7)` */
function isFrame(line: string): boolean {
  return line.startsWith("    at ");
}

/** `main.(*Store).open(0x0, {0xc00, 0x1})`: a name without quotes, blanks and braces, and what it was called with. */
function isGoCall(line: string): boolean {
  const open = line.indexOf("(", 1);
  if (open < 0 || !line.endsWith(")")) return false;
  const other = line.search(/[\s"'{}]/);
  return other < 0 || open < other;
}

function isDigits(line: string, from: number): boolean {
  for (let at = from; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return from < line.length;
}
