import type { CallOptions } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import { encodeNotification } from "../../wire/encode.js";
import { CANCEL } from "../../wire/messages.js";
import type { Accept, Caller } from "../calls/caller.js";
import type { StreamReader } from "./stream-reader.js";
import type { Streams } from "./streams.js";

/** What of a conversation it takes to open a stream. */
export interface StreamOpener {
  readonly caller: Caller;
  readonly streams: Streams;
  /** Sends a message. */
  tell(message: string): void;
  readonly other: string;
}
export interface StreamCall {
  readonly method: string;
  readonly input: unknown;
  readonly options: CallOptions;
  /** What is made of each item before it is read. */
  readonly accept: ((item: unknown) => unknown) | undefined;
  /** Called when an opened stream is over. */
  onEnd(): void;
}

/** Resolves with the reading end of a stream that the other side opens. */
export function openStream({ caller, streams, tell, other }: StreamOpener, call: StreamCall): Promise<StreamReader> {
  const { method, input, options, accept, onEnd } = call;
  const refusal = streams.enter();
  if (refusal !== undefined) return caller.refuseSoon(new PluginError("BUSY", `Cannot call "${method}": ${refusal.message}`));
  const { signal } = options;
  const opened: Accept = (answer, pending) => {
    const { scope } = pending;
    pending.scope = undefined; // What the input lent is lent until the stream ends.
    const ended = (): void => {
      if (signal !== undefined) removeAbortTask(signal, onAbort);
      scope?.end();
      streams.leave();
      onEnd();
    };
    const number = numberOf(answer);
    const reader = number === undefined ? undefined : streams.read(number, method, ended, accept);
    if (reader === undefined) {
      scope?.end();
      throw new PluginError("PROTOCOL_VIOLATION", `Cannot read stream "${method}": ${other} answered with no stream`);
    }
    const onAbort = (): void => reader.abort(signal?.reason);
    if (signal !== undefined) addAbortTask(signal, onAbort);
    return reader;
  };
  // The call was given up while its answer was on its way: nobody is going to read the stream.
  const late = (answer: unknown): void => {
    const number = numberOf(answer);
    if (number !== undefined) tell(encodeNotification(CANCEL, { stream: number }));
  };
  const opening = caller.open<StreamReader>(method, input, options, opened, late);
  opening.catch(() => streams.leave());
  return opening;
}

function numberOf(answer: unknown): number | undefined {
  const number = (answer as { stream?: unknown } | null | undefined)?.stream;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}
