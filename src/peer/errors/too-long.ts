import { type Attachments, RAW_FACTOR } from "../../wire/attachments.js";
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
  if (isLong) return `${what} is longer than ${most} bytes`;
  if (attachments === undefined || attachments.length <= most * RAW_FACTOR) return undefined;
  return `the bytes in ${what} are more than ${most * RAW_FACTOR} (${RAW_FACTOR} times maxMessageBytes)`;
}
