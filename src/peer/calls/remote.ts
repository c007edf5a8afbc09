import { type Contract, checkContract, type Member, type Stream } from "../../contract/contract.js";
import { type Schema, type Subject, validate } from "../../contract/schema.js";
import type { CallOptions, Remote } from "../../contract/views.js";
import { PluginError, ValidationError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import { type CallSubject, calls, Observation, ObservedStream } from "../call-events.js";
import type { Provided } from "../provided.js";
import { RemoteStream } from "../streams/remote-stream.js";
import type { StreamReader } from "../streams/stream-reader.js";
import { checkCallOptions } from "./call-options.js";
import type { Accept } from "./caller.js";
import { checkThen, type Send } from "./check-input.js";

/** What a remote needs of the connection it is made from. */
export interface RemoteSource {
  readonly validate: boolean;
  /** For who watches calls. */
  readonly plugin: string;
  readonly clock: Clock;
  /** Of a call that says nothing. */
  readonly callTimeoutMs: number;
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
  const timeoutMs = member.kind === "notification" ? Number.POSITIVE_INFINITY : source.callTimeoutMs;
  return inputSchema === undefined || !source.validate ? send : checkThen(inputSchema, method, { clock: source.clock, timeoutMs }, send);
}

type Open = (input: unknown, options?: CallOptions) => AsyncIterableIterator<unknown>;

function streamFunction(method: string, member: Stream<Schema, Schema>, source: RemoteSource): Open {
  const { validate: checks, openStream, clock, callTimeoutMs: timeoutMs } = source;
  const { input: inputSchema, output: itemSchema } = member;
  const itemSubject: Subject = { code: "INVALID_OUTPUT", name: method, side: "caller" };
  const accept = itemSchema !== undefined && checks ? (item: unknown) => validate(itemSchema, item, itemSubject) : undefined;
  return (input: unknown, options: CallOptions = {}): AsyncIterableIterator<unknown> => {
    checkCallOptions(method, options);
    return new RemoteStream((signal, onEnd) => {
      const send: Send = (value, callOptions) => openStream(method, value, callOptions ?? {}, accept, onEnd);
      const open = inputSchema === undefined || !checks ? send : checkThen(inputSchema, method, { clock, timeoutMs }, send);
      return open(input, { ...options, signal }) as Promise<StreamReader>;
    }, options.signal);
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
