import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { OpenedStream, Step } from "./opened-stream.js";

const DONE: Step = { done: true, value: undefined };

/** Asks for a stream, until the signal aborts. `onEnd` is called once it is over, if it was opened. */
export type OpenStream = (signal: AbortSignal, onEnd: () => void) => Promise<OpenedStream>;

/** What calling a stream gives: it is asked for when it is first read, so that one that nobody reads costs nothing. */
export class RemoteStream implements AsyncIterableIterator<unknown> {
  readonly #open: OpenStream;
  /** The caller's. */
  readonly #signal: AbortSignal | undefined;
  #opening: Promise<OpenedStream> | undefined;
  #reader: OpenedStream | undefined;
  /** Calls off the opening, and what it opened. */
  readonly #abort = new AbortController();
  #over = false;

  constructor(open: OpenStream, signal: AbortSignal | undefined) {
    this.#open = open;
    this.#signal = signal;
  }

  next(): Promise<Step> {
    if (this.#reader !== undefined) return this.#read(this.#reader);
    if (this.#over) return Promise.resolve(DONE);
    this.#opening ??= this.#begin();
    return this.#opening.then(
      // Not set before: those who asked while it was opened are served first.
      (reader) => this.#read((this.#reader = reader)),
      (error: unknown) => this.#failed(error),
    );
  }

  async return(): Promise<Step> {
    this.#over = true;
    if (this.#reader !== undefined) return this.#reader.return();
    this.#abort.abort();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #begin(): Promise<OpenedStream> {
    const signal = this.#signal;
    // Not AbortSignal.any(): a signal that outlives its streams would remember every one of them.
    const onAbort = (): void => this.#abort.abort(signal?.reason);
    const unwatch = (): void => {
      if (signal !== undefined) removeAbortTask(signal, onAbort);
    };
    if (signal?.aborted) throw signal.reason;
    if (signal !== undefined) addAbortTask(signal, onAbort);
    try {
      return await this.#open(this.#abort.signal, unwatch);
    } catch (error) {
      unwatch();
      throw error;
    }
  }

  #read(reader: OpenedStream): Promise<Step> {
    if (this.#over) return reader.return();
    // What has arrived is still to be read when the writer ends, and nobody watches the signal any more.
    if (this.#signal?.aborted) reader.abort(this.#signal.reason);
    return reader.next();
  }

  // Told once, to the first who asked. Where it was returned before it was open, there is nothing wrong.
  #failed(error: unknown): Step {
    if (this.#over) return DONE;
    this.#over = true;
    throw error;
  }
}
