/** How long the other side may take to answer a close frame, and to take what was sent before it. */
const CLOSE_TIMEOUT_MS = 2_000;

interface WebSocketOptions {
  readonly perMessageDeflate: false;
  readonly maxPayload: number;
  readonly skipUTF8Validation: false;
  readonly closeTimeout: number;
}

/** Options that both ends give to ws. Compression is not agreed to: a hundred kilobytes of it may become a hundred megabytes. */
export function webSocketOptions(maxMessageBytes: number): WebSocketOptions {
  return { perMessageDeflate: false, maxPayload: maxMessageBytes, skipUTF8Validation: false, closeTimeout: CLOSE_TIMEOUT_MS };
}
