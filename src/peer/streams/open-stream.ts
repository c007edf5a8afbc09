import type { CallOptions } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import { addAbortTask, removeAbortTask } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { isThenable } from "../../util/thenable.js";
import type { Accept, Caller } from "../calls/caller.js";
import type { LateChecks } from "../calls/late-checks.js";
import type { StreamReader } from "./stream-reader.js";
import type { StreamReaders } from "./stream-readers.js";

/** What of a conversation it takes to open a stream. */
export interface StreamOpener {
  readonly caller: Caller;
  readonly readers: StreamReaders;
  readonly checks: LateChecks;
  readonly clock: Clock;
  readonly callTimeoutMs: number;
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
export function openStream(opener: StreamOpener, call: StreamCall): Promise<StreamReader> {
  const { caller, readers, other } = opener;
  const { method, input, options, onEnd } = call;
  const accept = call.accept && boundedBy(opener, call.accept, method);
  const refusal = readers.enter();
  if (refusal !== undefined) return caller.refuseSoon(new PluginError("BUSY", `Cannot call "${method}": ${refusal.message}`));
  const { signal } = options;
  const opened: Accept = (answer, pending) => {
    const { scope } = pending;
    pending.scope = undefined; // What the input lent is lent until the stream ends.
    const ended = (): void => {
      if (signal !== undefined) removeAbortTask(signal, onAbort);
      scope?.end();
      readers.leave();
      onEnd();
    };
    const number = numberOf(answer);
    const reader = number === undefined ? undefined : readers.read(number, method, ended, accept);
    if (reader === undefined) {
      scope?.end();
      throw new PluginError("PROTOCOL_VIOLATION", `Cannot read stream "${method}": ${other} answered with no stream`);
    }
    const onAbort = (): void => reader.abort(signal?.reason);
    if (signal !== undefined) addAbortTask(signal, onAbort);
    return reader;
  };
  // The call was given up while its answer was on its way: the stream that it opened is not going to be read.
  const late = (answer: unknown): void => {
    const number = numberOf(answer);
    if (number !== undefined) readers.refuse(number);
  };
  const opening = caller.open<StreamReader>(method, input, options, opened, late);
  opening.catch(() => readers.leave());
  return opening;
}

/** An item has no deadline, and what checks it when it is there has that of a call. */
function boundedBy(
  { checks, clock, callTimeoutMs }: StreamOpener,
  accept: (item: unknown) => unknown,
  name: string,
): (item: unknown) => unknown {
  const late = (): PluginError =>
    new PluginError("CALL_TIMEOUT", `Gave up stream "${name}": its schema did not check an item in ${callTimeoutMs} ms`);
  return (item) => {
    const checked = accept(item);
    if (!isThenable(checked)) return checked;
    return checks.run(checked, { name, signal: undefined, deadline: clock.now() + callTimeoutMs, late, outlasts: true });
  };
}

function numberOf(answer: unknown): number | undefined {
  const number = (answer as { stream?: unknown } | null | undefined)?.stream;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}
