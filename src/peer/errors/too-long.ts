import { type Attachments, maxRawBytes } from "../../wire/attachments.js";
import { isTooLong } from "../../wire/encode.js";

/**
 * Why a message may not be sent, as the end of a sentence, with the limit that it breaks; undefined if it may. Long texts beside the
 * JSON count as if they stood in it, without their escapes.
 * @param what As in `its result`.
 */
export function whyTooLong(
  what: string,
  message: string,
  attachments: Attachments | undefined,
  most: number,
  envelopeBytes = 0,
): string | undefined {
  const room = most - envelopeBytes;
  const isLong = isTooLong(message, room) || (attachments !== undefined && isTooLong(message, room - attachments.textExcess));
  if (isLong) return tooLong(what, most);
  const mostRaw = maxRawBytes(most);
  if (attachments === undefined || attachments.length <= mostRaw) return undefined;
  return `the bytes in ${what} are more than ${mostRaw} (${mostRaw % most === 0 ? `${mostRaw / most} times maxMessageBytes` : "all that a frame has room for"})`;
}

/** The sentence's end for what is longer than a message may be. */
export function tooLong(what: string, most: number): string {
  return `${what} is longer than ${most} bytes`;
}

/** The same for what holds more values than a message may. */
export function tooMany(what: string, most: number): string {
  return `${what} holds more values than a message may: ${most} (limits.maxValues)`;
}

/** Says whether that was thrown because a text would be longer than any may be here, which is longer than any message. */
export function isStringTooLong(thrown: unknown): boolean {
  return thrown instanceof RangeError && thrown.message === "Invalid string length";
}
