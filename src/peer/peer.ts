import type { ImplementationRecord } from "../contract/implement.js";
import type { CallOptions, Dispenser } from "../contract/views.js";
import { PluginError } from "../errors.js";
import { type Deferred, deferred } from "../util/deferred.js";
import { LONG_TEXT } from "../wire/attachments.js";
import type { Channel, FrameSwitch } from "../wire/channel.js";
import { encodeViolation } from "../wire/encode.js";
import { WireCode } from "../wire/error-codes.js";
import { INVOKE } from "../wire/messages.js";
import type { CallTarget, Transform } from "./calls/call-target.js";
import { Caller } from "./calls/caller.js";
import type { Counters } from "./counters.js";
import { type CloseReason, closeErrors, overError } from "./errors/close-reason.js";
import { Gate, type Step } from "./gate.js";
import { Dispatcher } from "./handlers/dispatcher.js";
import { Incoming, type Replies } from "./incoming.js";
import type { PeerOptions } from "./peer-options.js";
import { References } from "./references.js";
import { RemoteLog } from "./remote-log.js";
import { ReservedMethods } from "./reserved.js";
import { Sender } from "./sender.js";
import { openStream } from "./streams/open-stream.js";
import type { StreamReader } from "./streams/stream-reader.js";
import { Streams } from "./streams/streams.js";

/** One conversation over one channel: owns it, puts what deals with its messages together, closes once. */
export class Peer implements CallTarget {
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
  readonly #incoming: Incoming;
  readonly #log: RemoteLog;
  readonly #gate = new Gate();
  readonly #closed: Deferred<CloseReason> = deferred();
  #reason: CloseReason | undefined;
  #ending: AbortController | undefined;
  #paused = false;
  #leaving = false;
  #unwritten = 0;
  #complaint: PluginError | undefined;

  constructor(channel: Channel, options: PeerOptions, dispenser: Dispenser) {
    this.#options = options;
    this.#channel = channel;
    this.closed = this.#closed.promise;
    this.#sender = new Sender(channel);
    this.#caller = new Caller(this.#sender, options);
    const answer = (message: string, bytes?: readonly Uint8Array[]): void => this.#answer(message, bytes);
    const { attachmentPolicy } = this.#sender;
    this.#streams = new Streams(
      {
        send: answer,
        unsentBytes: () => this.#sender.unsent,
        whenHanded: (task) => this.#sender.whenHanded("", task, task),
        attachmentPolicy,
      },
      options,
    );
    this.#references = new References(this.#streams, options, (id, label, args, signal) =>
      this.#caller.callAs(label, INVOKE, { function: id, args }, { signal }),
    );
    this.#caller.references = this.#references;
    const unsentBytes = (): number => this.#sender.unsent;
    this.#dispatcher = new Dispatcher({ dispenser, send: answer, unsentBytes, streams: this.#streams, attachmentPolicy }, options);
    this.reserved = new ReservedMethods(answer, this.#gate);
    this.#log = new RemoteLog(options.logger, options.clock);
    this.reserved.serve(this.#dispatcher, this.#streams, this.#log);
    const parts = {
      caller: this.#caller,
      dispatcher: this.#dispatcher,
      streams: this.#streams,
      references: this.#references,
      reserved: this.reserved,
      gate: this.#gate,
    };
    const replies: Replies = {
      answer,
      violation: (code, problem) => this.#violation(code, problem),
      outOfOrder: (what) => this.#closeOutOfOrder(what),
      complaint: (error) => this.#complain(error),
    };
    this.#incoming = new Incoming(parts, replies, options.limits);
    channel.receive({
      lines: (text) => this.#incoming.lines(text),
      frame: (message, bytes) => this.#incoming.frame(message, bytes),
      drained: () => this.#drained(),
      violated: (problem) => this.#violation(WireCode.invalidRequest, problem),
      closed: (error, unwritten = 0, code) => this.#ended(error, unwritten, code),
    });
  }

  /** False once the conversation is over, and nothing more is read. */
  get open(): boolean {
    return this.#incoming.open;
  }

  /** False once new calls are refused. */
  get takesCalls(): boolean {
    return this.#caller.takesCalls;
  }

  get counters(): Counters {
    return {
      sent: this.#sender.sent,
      received: this.#incoming.received,
      errors: this.#caller.errors + this.#dispatcher.errors,
      pending: this.#caller.pending,
      bytesSent: this.#sender.length,
      bytesReceived: this.#incoming.receivedLength,
      orphanReplies: this.#incoming.orphanReplies,
    };
  }

  /** Aborts when the conversation ends, in the moment from which calls are refused, with a PluginError that says how. */
  get signal(): AbortSignal {
    if (this.#ending === undefined) {
      this.#ending = new AbortController();
      if (this.#reason !== undefined) this.#ending.abort(overError(this.#reason, this.#options.other));
    }
    return this.#ending.signal;
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

  /** Lets that message in, once, and nothing else until it has come: anything else closes the connection, with 1008 over WebSocket. */
  expect(step: Step): void {
    this.#gate.expect(step);
  }

  /** The other side has proven itself: its messages may be long, and are more than the handshake's, unless a step is still expected. */
  trust(): void {
    this.#gate.trust();
    this.#channel.allow?.(this.#options.limits.maxMessageBytes);
  }

  provide(implementations: readonly ImplementationRecord[]): void {
    this.#dispatcher.provide(implementations);
  }

  /** How the channel turns from lines to frames, if it can. */
  get frames(): FrameSwitch | undefined {
    return this.#channel.frames;
  }

  /** What is sent from now on are frames, with bytes beside the JSON, and texts where the other side takes those. */
  sendFrames(withTexts: boolean): void {
    this.#channel.frames?.send();
    this.#sender.attachmentPolicy.raw = true;
    if (withTexts) this.#sender.attachmentPolicy.longText = LONG_TEXT;
  }

  /** Runs calls from now on; before, they are answered `BUSY`. */
  activate(): void {
    this.#dispatcher.activate();
  }

  call(method: string, input: unknown, options?: CallOptions, accept?: Transform): Promise<unknown> {
    return this.#caller.call(method, input, options, accept);
  }

  /**
   * Resolves with the reading end of a stream.
   * @param accept What is made of each item before it is read.
   * @param onEnd Called when an opened stream is over.
   */
  openStream(method: string, input: unknown, options: CallOptions, accept: Transform, onEnd: () => void): Promise<StreamReader> {
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

  /**
   * Makes no more calls for users here; resolves once those that wait have their answers, and streams that are read have ended, or after
   * `graceMs`.
   * @param why The end of the sentence that a refused call gets.
   */
  async finishCalls(graceMs: number, why: string): Promise<void> {
    const { clock } = this.#options;
    const giveUpAt = clock.now() + graceMs;
    await this.#caller.drain(notSentBecause(why), graceMs);
    // No stream is opened any more: those that are read can only get fewer.
    await this.#streams.untilNoneRead(giveUpAt - clock.now());
  }

  /** We are about to end the other side: calls are refused, and its going is no loss. */
  leave(why: string): void {
    this.#leaving = true;
    this.#caller.refuse(notSentBecause(why));
  }

  /** Ends the conversation. Idempotent; resolves when the channel is gone. `code` and `text` are a WebSocket's. */
  close(reason: CloseReason = { kind: "closed", by: "us" }, code?: number, text?: string): Promise<CloseReason> {
    if (this.#reason === undefined) {
      this.#finish(reason);
      this.#channel.close(code, text);
    }
    return this.closed;
  }

  #violation(code: number, problem: string): void {
    if (this.#reason !== undefined) return;
    const sentence = `Closed the connection to ${this.#options.other}: it sent a line that is no message: ${problem}`;
    this.#options.logger.warn(sentence);
    if (this.#gate.isTrusted) this.#channel.send(encodeViolation(code, problem));
    const error = new PluginError("PROTOCOL_VIOLATION", sentence);
    void this.close({ kind: "lost", error }, code === WireCode.parseError ? 1003 : 1008, problem);
  }

  #closeOutOfOrder(what: string): void {
    const sentence = `Closed the connection to ${this.#options.other}: it sent ${what} ${this.#gate.reason}`;
    void this.close({ kind: "lost", error: new PluginError("PROTOCOL_VIOLATION", sentence) }, 1008, "out of order");
  }

  // Its words are the reason that our callers want to read.
  #complain(error: unknown): void {
    const text = (error as { message?: unknown } | null)?.message;
    const what = `${this.#options.other} could not read what we sent${typeof text === "string" ? `: ${text.slice(0, 4_096)}` : ""}`;
    this.#complaint = new PluginError("PROTOCOL_VIOLATION", `Lost the connection: ${what}`);
    this.#options.logger.error(what);
  }

  #drained(): void {
    this.#sender.drained();
    if (!this.#paused) return;
    this.#paused = false;
    this.#channel.resume();
  }

  #ended(error: PluginError | undefined, unwritten: number, code: number | undefined): void {
    this.#unwritten = unwritten;
    const cause = this.#complaint ?? error;
    const reason = this.#leaving ? ({ kind: "closed", by: "us" } as const) : reasonOf(cause, code);
    const known = this.#reason !== undefined || this.#leaving || this.#complaint !== undefined;
    if (known || this.#options.explain === undefined) return this.#over(reason);
    this.#incoming.end();
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
    this.#incoming.end();
    const errors = closeErrors(reason, this.#options.other);
    this.#ending?.abort(overError(reason, this.#options.other));
    this.#caller.lose(errors, this.#unwritten);
    this.#dispatcher.abortAll(errors.aborted);
    this.#streams.lose(errors.cut);
    this.#log.end();
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

/** Why a connection is over that the other side ended, or that broke. */
function reasonOf(error: PluginError | undefined, code: number | undefined): CloseReason {
  const shared = code === undefined ? {} : { code };
  return error === undefined ? { kind: "closed", by: "peer", ...shared } : { kind: "lost", error, ...shared };
}

function notSentBecause(why: string): (method: string) => PluginError {
  return (method) => new PluginError("NOT_SENT", `Cannot call "${method}": ${why}`);
}
