import type { CallOptions } from "../../contract/views.js";
import type { OpenedStream } from "../streams/opened-stream.js";

/** What is made of a result, or of an item of a stream, before the caller gets it; may throw. */
export type Transform = (value: unknown) => unknown;

/** Where the calls of a remote go: one conversation, or something that stays while conversations come and go. */
export interface CallTarget {
  /** False once new calls are refused, as the conversation is over or about to be. */
  readonly takesCalls: boolean;
  /** Aborts when it is over for ever, where it can be. */
  readonly signal?: AbortSignal;
  call(method: string, input: unknown, options: CallOptions | undefined, accept?: Transform): Promise<unknown>;
  /** Resolves when it was handed to the system. */
  notify(method: string, input: unknown, options: CallOptions | undefined): Promise<void>;
  /**
   * Resolves with the reading end of a stream.
   * @param onEnd Called when an opened stream is over.
   */
  openStream(method: string, input: unknown, options: CallOptions, accept: Transform | undefined, onEnd: () => void): Promise<OpenedStream>;
}
