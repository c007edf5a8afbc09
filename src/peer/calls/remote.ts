import type { Contract, Member, Stream } from "../../contract/contract.js";
import { type Schema, type Subject, validate } from "../../contract/schema.js";
import type { CallOptions, Remote } from "../../contract/views.js";
import { isPluginError } from "../../errors.js";
import { abortable } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { isThenable } from "../../util/thenable.js";
import { type CallSubject, calls, Observation, ObservedStream } from "../call-events.js";
import type { ProgramHold } from "../program-hold.js";
import type { OpenedStream } from "../streams/opened-stream.js";
import { RemoteStream } from "../streams/remote-stream.js";
import { checkCallOptions } from "./call-options.js";
import type { CallTarget, Transform } from "./call-target.js";
import { checkThen, type Patience, type Send } from "./check-input.js";

/** How the calls of a remote are made. */
export interface RemoteOptions {
  readonly validate: boolean;
  /** For who watches calls. */
  readonly plugin: string;
  readonly clock: Clock;
  readonly hold?: ProgramHold | undefined;
  /** Of a call that says nothing. */
  readonly callTimeoutMs: number;
  /** The members that the other side has: for the others, which are optional, there is no function. @default all of them */
  readonly has?: ReadonlySet<string> | undefined;
}

/** Makes a plain frozen object of functions from a contract. No proxy: that would answer `then`, and `await` would call it. */
export function makeRemote<C extends Contract>(contract: C, target: CallTarget, options: RemoteOptions): Remote<C> {
  const remote: Record<string, unknown> = {};
  for (const [name, member] of Object.entries<Member>(contract.members)) {
    const { plugin, clock, has } = options;
    // There all the same, so that it shows that there is none.
    if (has?.has(name) === false) {
      remote[name] = undefined;
      continue;
    }
    const subject: CallSubject = { side: "caller", contract: contract.name, member: name, kind: member.kind, plugin, clock };
    remote[name] = memberFunction(`${contract.name}.${name}`, member, { target, ...options }, subject);
  }
  return Object.freeze(remote) as Remote<C>;
}

/** Where calls go, and how they are made. */
interface Source extends RemoteOptions {
  readonly target: CallTarget;
}

function memberFunction(method: string, member: Member, source: Source, subject: CallSubject): unknown {
  if (member.kind === "stream") {
    const open = streamFunction(method, member, source);
    return (input: unknown, options?: CallOptions) =>
      calls.hasSubscribers ? new ObservedStream(new Observation(subject), open(input, options)) : open(input, options);
  }
  const call = callFunction(method, member, source);
  return (input: unknown, options?: CallOptions) =>
    calls.hasSubscribers ? new Observation(subject).run(() => call(input, options)) : call(input, options);
}

function callFunction(method: string, member: Exclude<Member, Stream<Schema, Schema>>, source: Source): Send {
  const { target } = source;
  const inputSchema: Schema | undefined = member.input;
  const outputSchema: Schema | undefined = member.kind === "method" ? member.output : undefined;
  const accept = outputSchema && source.validate ? acceptWith(outputSchema, method) : undefined;
  const send =
    member.kind === "notification"
      ? (input: unknown, options: CallOptions | undefined) => target.notify(method, input, options)
      : (input: unknown, options: CallOptions | undefined) => target.call(method, input, options, accept);
  const timeoutMs = member.kind === "notification" ? Number.POSITIVE_INFINITY : source.callTimeoutMs;
  return inputSchema === undefined || !source.validate
    ? send
    : checkThen(inputSchema, method, { clock: source.clock, timeoutMs, hold: source.hold, over: () => target.signal }, send);
}

type Open = (input: unknown, options?: CallOptions) => AsyncIterableIterator<unknown>;

function streamFunction(method: string, member: Stream<Schema, Schema>, source: Source): Open {
  const { validate: checks, target, clock, callTimeoutMs: timeoutMs, hold } = source;
  const { input: inputSchema, output: itemSchema } = member;
  const patience: Patience = { clock, timeoutMs, hold, over: () => target.signal };
  const itemSubject: Subject = { code: "INVALID_OUTPUT", name: method, side: "caller" };
  const accept = itemSchema !== undefined && checks ? (item: unknown) => validate(itemSchema, item, itemSubject) : undefined;
  return (input: unknown, options: CallOptions = {}): AsyncIterableIterator<unknown> => {
    checkCallOptions(method, options);
    return new RemoteStream((signal, onEnd) => {
      const bounded = accept && untilAborted(accept, options.signal);
      const send: Send = (value, callOptions) => target.openStream(method, value, callOptions ?? {}, bounded, onEnd);
      const open = inputSchema === undefined || !checks ? send : checkThen(inputSchema, method, patience, send);
      return open(input, { ...options, signal }) as Promise<OpenedStream>;
    }, options.signal);
  };
}

// The caller's own signal: nobody else watches it once the stream has ended, and what has arrived is still to be read.
function untilAborted(accept: Transform, signal: AbortSignal | undefined): Transform {
  if (signal === undefined) return accept;
  return (item) => {
    const checked = accept(item);
    return isThenable(checked) ? abortable(checked, signal) : checked;
  };
}

function acceptWith(schema: Schema, method: string): Transform {
  const subject: Subject = { code: "INVALID_OUTPUT", name: method, side: "caller" };
  return (value) => (value === null ? acceptNull(schema, subject) : validate(schema, value, subject));
}

// A result of nothing is null on the wire. Where the schema takes undefined, and not null, that is what was meant.
function acceptNull(schema: Schema, subject: Subject): unknown {
  try {
    const accepted = validate(schema, null, subject);
    return isThenable(accepted) ? Promise.resolve(accepted).catch((error: unknown) => acceptNothing(schema, subject, error)) : accepted;
  } catch (error) {
    return acceptNothing(schema, subject, error);
  }
}

function acceptNothing(schema: Schema, subject: Subject, error: unknown): unknown {
  if (!isPluginError(error, "INVALID_OUTPUT")) throw error;
  const refuse = (): never => {
    throw error;
  };
  try {
    const accepted = validate(schema, undefined, subject);
    return isThenable(accepted) ? Promise.resolve(accepted).catch(refuse) : accepted;
  } catch {
    return refuse();
  }
}
