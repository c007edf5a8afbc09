/** A step of a stream. */
export type Step = IteratorResult<unknown, undefined>;

/** The reading end of a stream, whatever conversation it came on. */
export interface OpenedStream {
  next(): Promise<Step>;
  /** Reads no more: the other side is told. */
  return(): Promise<Step>;
  /** Gives it up: what is read next rejects with the reason. */
  abort(reason: unknown): void;
}
