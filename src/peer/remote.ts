import { type Contract, checkContract, type Member, type Stream } from "../contract/contract.js";
import { type Schema, type Subject, validate } from "../contract/schema.js";
import type { CallOptions, Remote } from "../contract/views.js";
import { PluginError, ValidationError } from "../errors.js";
import { abortable } from "../util/abort.js";
import type { Clock } from "../util/clock.js";
import { isThenable } from "../util/thenable.js";
import { type CallSubject, calls, Observation, ObservedStream } from "./call-events.js";
import { checkCallOptions } from "./call-options.js";
import type { Accept } from "./caller.js";
import type { Provided } from "./provided.js";
import { RemoteStream } from "./remote-stream.js";
import type { StreamReader } from "./stream-reader.js";

/** What a remote needs of the connection it is made from. */
export interface RemoteSource {
  readonly validate: boolean;
  /** For who watches calls. */
  readonly plugin: string;
  readonly clock: Clock;
  call(method: string, input: unknown, options: CallOptions | undefined, accept?: Accept): Promise<unknown>;
  notify(method: string, input: unknown, options: CallOptions | undefined): Promise<void>;
  openStream(
    method: string,
    input: unknown,
    options: CallOptions,
    accept: ((item: unknown) => unknown) | undefined,
    onEnd: () => void,
  ): Promise<StreamReader>;
}

/**
 * Makes a plain frozen object of functions from a contract. No proxy: that would answer `then`, and `await` would call it.
 * @throws {PluginError} `NOT_PROVIDED` If the other side lacks the contract or a member, or has one of another kind.
 */
export function makeRemote<C extends Contract>(contract: C, source: RemoteSource, provided: readonly Provided[], other: string): Remote<C> {
  checkContract(contract, "dispense");
  checkProvided(contract, provided, other);
  const remote: Record<string, unknown> = {};
  for (const [name, member] of Object.entries<Member>(contract.members)) {
    const { plugin, clock } = source;
    const subject: CallSubject = { side: "caller", contract: contract.name, member: name, kind: member.kind, plugin, clock };
    remote[name] = memberFunction(`${contract.name}.${name}`, member, source, subject);
  }
  return Object.freeze(remote) as Remote<C>;
}

function memberFunction(method: string, member: Member, source: RemoteSource, subject: CallSubject): unknown {
  if (member.kind === "stream") {
    const open = streamFunction(method, member, source);
    return (input: unknown, options?: CallOptions) =>
      calls.hasSubscribers ? new ObservedStream(new Observation(subject), open(input, options)) : open(input, options);
  }
  const call = callFunction(method, member, source);
  return (input: unknown, options?: CallOptions) =>
    calls.hasSubscribers ? new Observation(subject).run(() => call(input, options)) : call(input, options);
}

function callFunction(method: string, member: Exclude<Member, Stream<Schema, Schema>>, source: RemoteSource): Send {
  const inputSchema: Schema | undefined = member.input;
  const outputSchema: Schema | undefined = member.kind === "method" ? member.output : undefined;
  const accept = outputSchema && source.validate ? acceptWith(outputSchema, method) : undefined;
  const send =
    member.kind === "notification"
      ? (input: unknown, options: CallOptions | undefined) => source.notify(method, input, options)
      : (input: unknown, options: CallOptions | undefined) => source.call(method, input, options, accept);
  return inputSchema === undefined || !source.validate ? send : checkThen(inputSchema, method, send);
}

type Open = (input: unknown, options?: CallOptions) => AsyncIterableIterator<unknown>;

function streamFunction(method: string, member: Stream<Schema, Schema>, { validate: checks, openStream }: RemoteSource): Open {
  const { input: inputSchema, output: itemSchema } = member;
  const itemSubject: Subject = { code: "INVALID_OUTPUT", name: method, side: "caller" };
  const accept = itemSchema !== undefined && checks ? (item: unknown) => validate(itemSchema, item, itemSubject) : undefined;
  return (input: unknown, options: CallOptions = {}): AsyncIterableIterator<unknown> => {
    checkCallOptions(method, options);
    return new RemoteStream((signal, onEnd) => {
      const send: Send = (value, callOptions) => openStream(method, value, callOptions ?? {}, accept, onEnd);
      const open = inputSchema === undefined || !checks ? send : checkThen(inputSchema, method, send);
      return open(input, { ...options, signal }) as Promise<StreamReader>;
    }, options.signal);
  };
}

type Send = (input: unknown, options: CallOptions | undefined) => Promise<unknown>;

// The check alone counts here: the schema's result is made where the value is received.
function checkThen(schema: Schema, method: string, send: Send): Send {
  const subject: Subject = { code: "INVALID_INPUT", name: method, side: "caller" };
  return (input, options) => {
    let checked: unknown;
    try {
      checked = validate(schema, input, subject);
    } catch (error) {
      return Promise.reject(error);
    }
    // At once where the schema allows it: calls are sent in the order in which they were made.
    if (!isThenable(checked)) return send(input, options);
    const valid = Promise.resolve(checked);
    const waited = options?.signal === undefined ? valid : abortable(valid, options.signal);
    return waited.then(() => send(input, options));
  };
}

function acceptWith(schema: Schema, method: string): Accept {
  const subject: Subject = { code: "INVALID_OUTPUT", name: method, side: "caller" };
  return (value) => (value === null ? acceptNull(schema, subject) : validate(schema, value, subject));
}

// A result of nothing is null on the wire. Where the schema takes undefined, and not null, that is what was meant.
async function acceptNull(schema: Schema, subject: Subject): Promise<unknown> {
  try {
    return await validate(schema, null, subject);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    try {
      return await validate(schema, undefined, subject);
    } catch {
      throw error;
    }
  }
}

function checkProvided(contract: Contract, provided: readonly Provided[], other: string): void {
  const refuse = (what: string): never => {
    throw new PluginError("NOT_PROVIDED", `Cannot dispense "${contract.name}": ${other} ${what}`);
  };
  const offer = provided.find(({ name }) => name === contract.name);
  if (offer === undefined) {
    const names = provided.map(({ name }) => `"${name}"`).join(", ");
    return refuse(`does not provide it; it provides ${names === "" ? "nothing" : names}`);
  }
  for (const [name, { kind }] of Object.entries<Member>(contract.members)) {
    const offered = Object.hasOwn(offer.members, name) ? offer.members[name] : undefined;
    if (offered === undefined) refuse(`provides that contract without its ${kind} "${name}"`);
    else if (offered.kind !== kind) refuse(`provides "${name}" as a ${offered.kind}, and this side takes it for a ${kind}`);
  }
}
