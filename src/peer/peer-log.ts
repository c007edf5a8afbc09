import type { Clock } from "../util/clock.js";
import { FloodGate } from "../util/flood-gate.js";
import { type Logger, type LogLevel, logAt } from "../util/logger.js";
import { cutToBytes } from "../util/text/cut.js";
import { escapeControls } from "../util/text/escape-controls.js";

// As much as of a line of stderr.
const MAX_BYTES = 8 * 1024;

/**
 * What a conversation has to say, in our log: all of it may be caused by the other side, and have its words in it. So it is as few, as
 * short and as harmless as the lines of a plugin's stderr.
 */
export class PeerLog implements Logger {
  readonly #logger: Logger;
  readonly #gate: FloodGate;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#gate = new FloodGate(clock, (dropped) => logger.warn(`… ${dropped} records dropped`, { dropped }));
  }

  debug(message: string, fields?: object): void {
    this.#say("debug", message, fields);
  }

  info(message: string, fields?: object): void {
    this.#say("info", message, fields);
  }

  warn(message: string, fields?: object): void {
    this.#say("warn", message, fields);
  }

  error(message: string, fields?: object): void {
    this.#say("error", message, fields);
  }

  /** False for a record that is one too many. */
  admit(): boolean {
    return this.#gate.admit();
  }

  /** A record that was admitted, and is short and harmless. */
  write(level: LogLevel, message: string, fields: object): void {
    logAt(this.#logger, level, message, fields);
  }

  /** Nothing more comes. */
  end(): void {
    this.#gate.say();
  }

  #say(level: keyof Logger, message: string, fields: object | undefined): void {
    if (!this.admit()) return;
    const text = escapeControls(cutText(message, MAX_BYTES));
    if (fields === undefined) this.#logger[level](text);
    else this.#logger[level](text, fields);
  }
}

/** A text of at most so many bytes, and a word about it where it had more. */
export function cutText(text: string, most: number): string {
  const kept = cutToBytes(text, most);
  return kept.length === text.length ? text : `${kept}… (cut)`;
}
