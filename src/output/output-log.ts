import type { Clock } from "../util/clock.js";
import { FloodGate } from "../util/flood-gate.js";
import { type Logger, logAt } from "../util/logger.js";
import { escapeControls, escapeLine } from "../util/text/escape-controls.js";
import { LogBlocks } from "./log-blocks.js";
import { LogLines } from "./log-lines.js";
import { type LogRecord, toLogRecord } from "./log-record.js";

/** What a plugin prints, as records in the host's log: a line each, and a report of an uncaught exception as a whole. */
export class OutputLog {
  readonly stdout: LogLines;
  readonly stderr: LogLines;
  readonly #gate: FloodGate;
  readonly #blocks: LogBlocks;
  readonly #logger: Logger;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#gate = new FloodGate(clock, (dropped) => {
      logger.warn(`… ${dropped} lines dropped`, { dropped });
    });
    const reader = {
      line: (line: string, cut: boolean) => this.#say(toLogRecord(line, cut), "stderr"),
      block: (text: string) => this.#say({ level: "error", message: escapeControls(text), fields: {} }, "stderr"),
    };
    this.#blocks = new LogBlocks(reader, clock);
    // What a program prints to stdout is its own output, and no log: a level in it means something else.
    this.stdout = new LogLines((line) => this.#say({ level: "info", message: escapeLine(line), fields: {} }, "stdout"), this.#gate);
    this.stderr = new LogLines((line, cut) => this.#blocks.push(line, cut), this.#gate);
  }

  /** Nothing more comes of one of them. */
  end(stream: "stdout" | "stderr"): void {
    this[stream].end();
    if (stream === "stderr") this.#blocks.flush();
    this.#gate.say();
  }

  #say(record: LogRecord, stream: "stdout" | "stderr"): void {
    if (record.message === "" && Object.keys(record.fields).length === 0) return;
    logAt(this.#logger, record.level, record.message, { ...record.fields, stream });
  }
}
