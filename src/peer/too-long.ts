import { RAW_FACTOR } from "../wire/encode.js";

/** Which limit something passes that is too long to be sent, as the end of a sentence. `what` as in `its input`. */
export function whyTooLong(what: string, isText: boolean, maxMessageBytes: number): string {
  if (isText) return `${what} is longer than ${maxMessageBytes} bytes`;
  return `the bytes in ${what} are more than ${maxMessageBytes * RAW_FACTOR} (${RAW_FACTOR} times maxMessageBytes)`;
}
