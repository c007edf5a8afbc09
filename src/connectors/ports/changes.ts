import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { ConnectorChange } from "../connector.js";
import { Inbox } from "./inbox.js";

const MOST_CHANGES = 1_024;

/** Tells every reader of every change from when it began to read, and waits for none of them. */
export class Changes {
  readonly #readers = new Set<Reader>();
  #ended = false;

  tell(change: ConnectorChange): void {
    for (const reader of this.#readers) reader.push(change);
  }

  /** Begins at once, not at the first next(). */
  read(signal: AbortSignal | undefined): AsyncIterableIterator<ConnectorChange> {
    const reader = new Reader(signal, () => this.#readers.delete(reader));
    if (this.#ended) reader.end();
    else if (!reader.ended) this.#readers.add(reader);
    return reader;
  }

  end(): void {
    this.#ended = true;
    for (const reader of [...this.#readers]) reader.end();
  }
}

type Step = IteratorResult<ConnectorChange, undefined>;

class Reader implements AsyncIterableIterator<ConnectorChange> {
  readonly #inbox = new Inbox<ConnectorChange>();
  readonly #signal: AbortSignal | undefined;
  readonly #onEnd: () => void;
  #missed = 0;
  readonly #abort = (): void => {
    while (this.#inbox.size > 0) this.#inbox.drop();
    this.#missed = 0;
    this.end();
  };

  constructor(signal: AbortSignal | undefined, onEnd: () => void) {
    this.#signal = signal;
    this.#onEnd = onEnd;
    if (signal?.aborted) this.#inbox.end();
    else if (signal !== undefined) addAbortTask(signal, this.#abort);
  }

  get ended(): boolean {
    return this.#inbox.ended;
  }

  push(change: ConnectorChange): void {
    if (this.#inbox.push(change) || this.#inbox.size <= MOST_CHANGES) return;
    this.#inbox.drop();
    this.#missed++;
  }

  end(): void {
    if (this.#inbox.ended) return;
    if (this.#signal !== undefined) removeAbortTask(this.#signal, this.#abort);
    this.#inbox.end();
    this.#onEnd();
  }

  next(): Promise<Step> {
    if (this.#missed === 0) return this.#inbox.next();
    const missed = this.#missed;
    this.#missed = 0;
    return Promise.resolve({ done: false, value: { missed } });
  }

  return(): Promise<Step> {
    this.#abort();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
