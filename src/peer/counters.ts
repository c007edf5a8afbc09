/** What has crossed a connection since it was opened, its handshake included, and what waits. */
export interface Counters {
  /** Messages that this side sent: calls, answers, a stream's parcels of items, and the protocol's own. */
  readonly sent: number;
  /** Messages that it received, likewise; what arrives together is counted once it has been read. */
  readonly received: number;
  /** Calls that failed: this side's that rejected, whatever the reason, and the other's that this side answered with an error. */
  readonly errors: number;
  /** Calls of this side that wait for an answer. */
  readonly pending: number;
  /** The length of all that was sent: a character of text counts as one byte, raw bytes as they are, framing not at all. */
  readonly bytesSent: number;
  /** The length of all that was received, likewise. */
  readonly bytesReceived: number;
  /** Responses that nobody waited for. Late ones to calls that were given up are none. */
  readonly orphanReplies: number;
}
