import { cutToBytes } from "../../util/text/cut.js";
import { escapeControls, escapeLine } from "../../util/text/escape-controls.js";

const MAX_BYTES = 4 * 1024;
const MAX_QUOTED = 128;

/** The other side's words, as they may stand in an error or a record of ours: not long, and without what writes into a terminal. */
export function heard(text: string): string {
  return escapeControls(cutLong(text).replaceAll("\r\n", "\n"));
}

/** The same on one line. */
export function heardLine(text: string): string {
  return escapeLine(cutLong(text));
}

/** A name or an id of the other side's, quoted. */
export function quoted(name: unknown): string {
  return escapeControls(JSON.stringify(typeof name === "string" ? name.slice(0, MAX_QUOTED) : name));
}

/** What is longer than 4 KiB ends in an ellipsis. */
export function cutLong(text: string): string {
  const fits = text.length * 3 <= MAX_BYTES || Buffer.byteLength(text) <= MAX_BYTES;
  return fits ? text : `${cutToBytes(text, MAX_BYTES - 3)}…`;
}
