import type { ImplementationRecord } from "../contract/implement.js";
import type { CallOptions, Dispenser } from "../contract/views.js";
import { PluginError } from "../errors.js";
import { type Deferred, deferred } from "../util/deferred.js";
import { ArrivedCargo, LONG_TEXT } from "../wire/cargo.js";
import type { Channel, PacketSwitch } from "../wire/channel.js";
import { decodeLines, type MessageSink } from "../wire/codec.js";
import { encodeError, encodeViolation } from "../wire/encode.js";
import { WireCode } from "../wire/error-codes.js";
import { type Id, INVOKE, ITEM, isReserved, isUsers, type Message, type Meta } from "../wire/messages.js";
import { restore } from "../wire/references.js";
import { type Accept, Caller } from "./caller.js";
import { type CloseReason, closeErrors } from "./close-reason.js";
import type { Counters } from "./counters.js";
import { Dispatcher } from "./dispatcher.js";
import { openStream } from "./open-stream.js";
import type { PeerOptions } from "./peer-options.js";
import { References, Scope } from "./references.js";
import { ReservedMethods } from "./reserved.js";
import { Sender } from "./sender.js";
import type { StreamReader } from "./stream-reader.js";
import { Streams } from "./streams.js";
import { TooMany } from "./too-many.js";

/** One conversation over one channel: owns it, routes each message, closes once. */
export class Peer implements MessageSink {
  /** Resolves when the channel is gone. Never rejects. */
  readonly closed: Promise<CloseReason>;
  readonly reserved: ReservedMethods;
  readonly #options: PeerOptions;
  readonly #channel: Channel;
  readonly #sender: Sender;
  readonly #caller: Caller;
  readonly #streams: Streams;
  readonly #references: References;
  readonly #dispatcher: Dispatcher;
  readonly #closed: Deferred<CloseReason> = deferred();
  #reason: CloseReason | undefined;
  #received = 0;
  #receivedLength = 0;
  #orphanReplies = 0;
  /** The raw bytes of the packet that is being read. */
  #raw: Uint8Array | undefined;
  #trusted = false;
  #paused = false;
  #leaving = false;
  /** The channel is gone, and it is being found out why. */
  #explaining = false;
  #unwritten = 0;
  #complaint: PluginError | undefined;

  constructor(channel: Channel, options: PeerOptions, dispenser: Dispenser) {
    this.#options = options;
    this.#channel = channel;
    this.closed = this.#closed.promise;
    this.#sender = new Sender((message, bytes) => channel.send(message, bytes));
    this.#caller = new Caller(this.#sender, options);
    const answer = (message: string, bytes?: readonly Uint8Array[]): void => this.#answer(message, bytes);
    const { carrier } = this.#sender;
    this.#streams = new Streams(
      {
        send: answer,
        unsentBytes: () => this.#sender.unsent,
        whenHanded: (task) => this.#sender.whenHanded("", task, task),
        carrier,
      },
      options,
    );
    this.#references = new References(this.#streams, options, (id, label, args, signal) =>
      this.#caller.callAs(label, INVOKE, { function: id, args }, { signal }),
    );
    this.#caller.references = this.#references;
    const unsentBytes = (): number => this.#sender.unsent;
    this.#dispatcher = new Dispatcher({ dispenser, send: answer, unsentBytes, streams: this.#streams, carrier }, options);
    this.reserved = new ReservedMethods(answer);
    this.reserved.serve(this.#dispatcher, this.#streams, options.logger);
    channel.receive({
      lines: (text) => this.#read(text),
      packet: (message, bytes) => this.#packet(message, bytes),
      drained: () => this.#drained(),
      violated: (problem) => this.violation(WireCode.invalidRequest, problem),
      closed: (error, unwritten = 0) => this.#ended(error, unwritten),
    });
  }

  /** False once the conversation is over, and nothing more is read. */
  get open(): boolean {
    return this.#reason === undefined && !this.#explaining;
  }

  get counters(): Counters {
    return {
      sent: this.#sender.sent,
      received: this.#received,
      errors: this.#caller.errors + this.#dispatcher.errors,
      pending: this.#caller.pending,
      bytesSent: this.#sender.length,
      bytesReceived: this.#receivedLength,
      orphanReplies: this.#orphanReplies,
    };
  }

  /** Calls that wait for an answer. */
  get pending(): number {
    return this.#caller.pending;
  }

  /** The deadline of the oldest call that may still run on the other side, on the clock; undefined if there is none. */
  get oldestDeadline(): number | undefined {
    return this.#caller.oldestDeadline;
  }

  /** Bytes received so far; 0 where the channel counts none. */
  get received(): number {
    return this.#channel.received ?? 0;
  }

  /** False while nothing is read, because the other side does not read our answers. */
  get reading(): boolean {
    return !this.#paused;
  }

  /** Calls that run here for the other side. */
  get running(): number {
    return this.#dispatcher.running;
  }

  /** Streams that are open, both ways. */
  get openStreams(): number {
    return this.#streams.open;
  }

  /** Functions that are lent to the other side. */
  get lentFunctions(): number {
    return this.#references.lent;
  }

  /** The other side has proven itself: its messages may be long, and are more than the handshake's. */
  trust(): void {
    this.#trusted = true;
    this.#channel.allow?.(this.#options.limits.maxMessageBytes);
  }

  provide(implementations: readonly ImplementationRecord[]): void {
    this.#dispatcher.provide(implementations);
  }

  /** How the channel turns from lines to packets, if it can. */
  get packets(): PacketSwitch | undefined {
    return this.#channel.packets;
  }

  /** What is sent from now on are packets, with bytes beside the JSON, and texts where the other side takes those. */
  sendPackets(withTexts: boolean): void {
    this.#channel.packets?.send();
    this.#sender.carrier.raw = true;
    if (withTexts) this.#sender.carrier.longText = LONG_TEXT;
  }

  /** Runs calls from now on; before, they are answered `BUSY`. */
  activate(): void {
    this.#dispatcher.activate();
  }

  call(method: string, input: unknown, options?: CallOptions, accept?: Accept): Promise<unknown> {
    return this.#caller.call(method, input, options, accept);
  }

  /**
   * Resolves with the reading end of a stream.
   * @param accept What is made of each item before it is read.
   * @param onEnd Called when an opened stream is over.
   */
  openStream(
    method: string,
    input: unknown,
    options: CallOptions,
    accept: ((item: unknown) => unknown) | undefined,
    onEnd: () => void,
  ): Promise<StreamReader> {
    const tell = (message: string): void => this.#answer(message);
    return openStream(
      { caller: this.#caller, streams: this.#streams, tell, other: this.#options.other },
      { method, input, options, accept, onEnd },
    );
  }

  /** Resolves when it was handed to the system. */
  notify(method: string, input: unknown, options?: CallOptions): Promise<void> {
    return this.#caller.notify(method, input, options);
  }

  /** Takes no more calls; resolves once those that run have been answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void> {
    return this.#dispatcher.drain(graceMs);
  }

  /** We are about to end the other side: calls are refused, and its going is no loss. */
  leave(why: string): void {
    this.#leaving = true;
    this.#caller.refuse((method) => new PluginError("NOT_SENT", `Cannot call "${method}": ${why}`));
  }

  /** Ends the conversation. Idempotent; resolves when the channel is gone. `code` and `text` are a WebSocket's. */
  close(reason: CloseReason = { kind: "closed", by: "us" }, code?: number, text?: string): Promise<CloseReason> {
    if (this.#reason === undefined) {
      this.#finish(reason);
      this.#channel.close(code, text);
    }
    return this.closed;
  }

  request(id: Id, method: string, params: unknown, meta: Meta | undefined): void {
    if (this.#isRunning(id)) {
      return this.violation(WireCode.invalidRequest, `its id ${JSON.stringify(id)} belongs to a request that still runs`);
    }
    if (!this.#trusted && !this.reserved.isExpected(method)) return this.#distrust(quoted(method));
    if (method === INVOKE) this.#invoked(id, params, meta, undefined);
    else if (isReserved(method)) this.reserved.request(id, method, params);
    else this.#dispatcher.request(id, method, params, meta);
  }

  notification(method: string, params: unknown, meta?: Meta): void {
    if (!this.#trusted) return this.#distrust(quoted(method));
    if (isReserved(method)) this.reserved.notification(method, params);
    else this.#dispatcher.notification(method, params, meta);
  }

  items(params: unknown, bytes: number): void {
    if (!this.#trusted) return this.#distrust(quoted(ITEM));
    const problem = this.#streams.items(params, bytes);
    if (problem !== undefined) this.violation(WireCode.invalidRequest, problem);
  }

  referring(message: Message, refs: unknown, bytes: number): void {
    // A configuration may hold bytes.
    const isExpected = message.kind === "request" && this.reserved.isExpected(message.method);
    if (!this.#trusted && !isExpected) return this.#distrust("a message with refs");
    const cargo = new ArrivedCargo(this.#raw, this.#options.limits.maxMessageBytes);
    const scope = new Scope();
    const label = this.#references.labelOf(message);
    // The protocol's own calls lend nothing: there is nobody who would end it.
    const lends = message.kind === "request" && isUsers(message.method);
    const revive = (ref: Readonly<Record<string, unknown>>): unknown => {
      // What is lent is lent for the length of a request; nothing else has one.
      return lends || "bytes" in ref || "text" in ref ? this.#references.borrow(ref, scope, label, cargo) : undefined;
    };
    try {
      this.#restored(message, (value) => restore(value, refs, revive), scope, bytes);
    } catch (error) {
      scope.end();
      if (error instanceof TooMany && message.kind === "request" && !this.#isRunning(message.id)) {
        return this.#answer(encodeError(message.id, { code: WireCode.busy, message: `Cannot run "${label}": ${error.message}` }));
      }
      this.violation(WireCode.invalidRequest, (error as Error).message);
    }
  }

  result(id: Id, value: unknown): void {
    if (!this.#caller.resolve(id, value)) this.#orphan();
  }

  failure(id: Id | null, error: unknown): void {
    if (id !== null) {
      if (!this.#caller.reject(id, error)) this.#orphan();
      return;
    }
    if (!this.#trusted) return this.#distrust("an answer");
    // It could not read something of ours, and closes. Its words are the reason that our callers want to read.
    const text = (error as { message?: unknown } | null)?.message;
    const what = `${this.#options.other} could not read what we sent${typeof text === "string" ? `: ${text.slice(0, 4_096)}` : ""}`;
    this.#complaint = new PluginError("PROTOCOL_VIOLATION", `Lost the connection: ${what}`);
    this.#options.logger.error(what);
  }

  violation(code: number, problem: string): void {
    if (this.#reason !== undefined) return;
    const sentence = `Closed the connection to ${this.#options.other}: it sent a line that is no message: ${problem}`;
    this.#options.logger.warn(sentence);
    if (this.#trusted) this.#channel.send(encodeViolation(code, problem));
    const error = new PluginError("PROTOCOL_VIOLATION", sentence);
    void this.close({ kind: "lost", error }, code === WireCode.parseError ? 1003 : 1008, problem);
  }

  // A packet's message is a line like any other, and its refs point into the bytes beside it.
  #packet(message: string, bytes: Uint8Array): void {
    this.#raw = bytes;
    this.#receivedLength += bytes.length;
    this.#read(message);
    this.#raw = undefined;
  }

  // Counted by the text, not by the message: a call pays nothing for it.
  #read(text: string): void {
    this.#receivedLength += text.length + 1;
    this.#received += decodeLines(text, this.#options.limits.maxDepth, this);
  }

  #restored(message: Message, revived: (value: unknown) => unknown, scope: Scope, bytes: number): void {
    if (message.kind === "result") return this.result(message.id, revived(message.value));
    if (message.kind === "error") return this.failure(message.id, message.error);
    const params = revived(message.params ?? null);
    if (message.kind === "notification")
      return message.method === ITEM
        ? this.items(params, bytes + (this.#raw?.length ?? 0))
        : this.notification(message.method, params, message.meta);
    const { id, method, meta } = message;
    if (this.#isRunning(id) || !isUsers(method)) {
      return this.request(id, method, params, meta);
    }
    if (method === INVOKE) this.#invoked(id, params, meta, scope);
    else this.#dispatcher.request(id, method, params, meta, scope);
  }

  #isRunning(id: Id): boolean {
    return this.#dispatcher.isRunning(id) || this.reserved.isRunning(id);
  }

  /** A function that we lent is called. */
  #invoked(id: Id, params: unknown, meta: Meta | undefined, scope: Scope | undefined): void {
    const { function: number, args } = (params ?? {}) as { function?: unknown; args?: unknown };
    const lent = this.#references.find(number);
    if (lent === undefined || !Array.isArray(args)) {
      this.#answer(encodeError(id, { code: WireCode.notProvided, message: "Cannot call that function: the call that lent it is over" }));
      return scope?.end();
    }
    lent.onUse();
    const entry = { name: lent.label, kind: "method" as const, handler: () => lent.call(...args), input: undefined, output: undefined };
    this.#dispatcher.run(id, entry, undefined, meta, scope);
    if (!this.#dispatcher.isRunning(id)) scope?.end();
  }

  // Ignored and counted, but not from a stranger: it has nothing to answer.
  #orphan(): void {
    this.#orphanReplies++;
    if (!this.#trusted) this.#distrust("an answer");
  }

  #distrust(what: string): void {
    const sentence = `Closed the connection to ${this.#options.other}: it sent ${what} before it had proven itself`;
    void this.close({ kind: "lost", error: new PluginError("PROTOCOL_VIOLATION", sentence) }, 1008, "out of order");
  }

  #drained(): void {
    this.#sender.drained();
    if (!this.#paused) return;
    this.#paused = false;
    this.#channel.resume();
  }

  #ended(error: PluginError | undefined, unwritten: number): void {
    this.#unwritten = unwritten;
    const cause = this.#complaint ?? error;
    const lost = cause !== undefined && !this.#leaving;
    const reason: CloseReason = lost ? { kind: "lost", error: cause } : { kind: "closed", by: this.#leaving ? "us" : "peer" };
    const known = this.#reason !== undefined || this.#leaving || this.#complaint !== undefined;
    if (known || this.#options.explain === undefined) return this.#over(reason);
    this.#explaining = true;
    this.#caller.refuse((method) => closeErrors(reason, this.#options.other).notSent(method));
    this.#options.explain(reason).then(
      (better) => this.#over(better),
      () => this.#over(reason),
    );
  }

  #over(reason: CloseReason): void {
    if (this.#reason === undefined) this.#finish(reason);
    this.#closed.resolve(this.#reason as CloseReason);
  }

  #finish(reason: CloseReason): void {
    this.#reason = reason;
    const errors = closeErrors(reason, this.#options.other);
    this.#caller.lose(errors, this.#unwritten);
    this.#dispatcher.abortAll(errors.aborted);
    this.#streams.lose(errors.cut);
  }

  #answer(message: string, bytes?: readonly Uint8Array[]): void {
    if (this.#reason !== undefined) return;
    this.#sender.send(message, bytes);
    // Above the limit calls are refused; refusals are answers too, and somebody who reads none of them is heard no more.
    if (this.#sender.unsent > this.#options.limits.maxUnsentBytes && !this.#paused) {
      this.#paused = true;
      this.#channel.pause();
    }
  }
}

function quoted(method: string): string {
  return JSON.stringify(method.slice(0, 128));
}
