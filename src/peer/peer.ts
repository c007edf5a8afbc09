import type { Dispenser } from "../contract/context.js";
import type { ImplementationRecord } from "../contract/implement.js";
import type { CallOptions } from "../contract/views.js";
import { PluginError } from "../errors.js";
import { type Deferred, deferred } from "../util/deferred.js";
import { inNeutral } from "../util/neutral.js";
import { LONG_TEXT } from "../wire/attachments.js";
import type { Channel, FrameSwitch } from "../wire/channel.js";
import { encodeViolation } from "../wire/encode.js";
import { WireCode } from "../wire/error-codes.js";
import type { CallTarget, Transform } from "./calls/call-target.js";
import type { Counters } from "./counters.js";
import { type CloseErrors, type CloseReason, closeErrors, overError } from "./errors/close-reason.js";
import { heardLine } from "./errors/heard.js";
import type { Step } from "./gate.js";
import type { WireCallHandler } from "./handlers/dispatcher.js";
import { Incoming } from "./incoming.js";
import { makeParts, type Parts } from "./parts.js";
import type { PeerOptions } from "./peer-options.js";
import type { ReservedMethods } from "./reserved.js";
import { openStream } from "./streams/open-stream.js";
import type { StreamReader } from "./streams/stream-reader.js";

/** One conversation over one channel: owns it, and closes once. */
export class Peer implements CallTarget {
  /** Resolves when the channel is gone. Never rejects. */
  readonly closed: Promise<CloseReason>;
  readonly #options: PeerOptions;
  readonly #channel: Channel;
  readonly #parts: Parts;
  readonly #incoming: Incoming;
  readonly #closed: Deferred<CloseReason> = deferred();
  #reason: CloseReason | undefined;
  #ending: AbortController | undefined;
  #leaving = false;
  #unwritten = 0;
  #callsLost = 0;
  #complaint: PluginError | undefined;

  constructor(channel: Channel, options: PeerOptions, dispenser: Dispenser) {
    this.#options = options;
    this.#channel = channel;
    this.closed = this.#closed.promise;
    this.#parts = makeParts(channel, options, dispenser);
    const verdicts = {
      violation: (code: number, problem: string) => this.#violation(code, problem),
      outOfOrder: (what: string) => this.#closeOutOfOrder(what),
      complaint: (error: unknown) => this.#complain(error),
    };
    const incoming = new Incoming(this.#parts, verdicts, options.limits);
    this.#incoming = incoming;
    channel.receive({
      // Not in the context of whoever opened the connection: handlers run from here.
      lines: (text) => inNeutral(incoming.lines, incoming, text),
      frame: (message, bytes) => inNeutral(incoming.frame, incoming, message, bytes),
      drained: this.#drained.bind(this),
      violated: (problem) => inNeutral(this.#violation, this, WireCode.invalidRequest, problem),
      closed: (error, unwritten = 0, code) => inNeutral(this.#ended, this, error, unwritten, code),
    });
  }

  get reserved(): ReservedMethods {
    return this.#parts.reserved;
  }

  /** False once the conversation is over, and nothing more is read. */
  get open(): boolean {
    return this.#incoming.open;
  }

  /** False once new calls are refused. */
  get takesCalls(): boolean {
    return this.#parts.caller.admission.isOpen;
  }

  get counters(): Counters {
    const { sender, caller, dispatcher } = this.#parts;
    return {
      sent: sender.sent,
      received: this.#incoming.received,
      errors: caller.errors + dispatcher.errors,
      pending: caller.pending,
      bytesSent: sender.length,
      bytesReceived: this.#incoming.receivedLength,
      orphanReplies: this.#incoming.orphanReplies,
    };
  }

  /** Calls that waited for an answer when the conversation ended. */
  get callsLost(): number {
    return this.#callsLost;
  }

  /** Calls that were not answered in time. */
  get callsTimedOut(): number {
    return this.#parts.caller.timedOut;
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
    return this.#parts.caller.pending;
  }

  /** The deadline of the oldest call that may still run on the other side, on the clock; undefined if there is none. */
  get oldestDeadline(): number | undefined {
    return this.#parts.caller.oldestDeadline;
  }

  /** Bytes received so far; 0 where the channel counts none. */
  get received(): number {
    return this.#channel.received ?? 0;
  }

  /** False while nothing is read, because the other side does not read our answers. */
  get reading(): boolean {
    return !this.#parts.replies.isPaused;
  }

  /** Calls that run here for the other side, and streams whose sources are being closed. */
  get running(): number {
    return this.#parts.dispatcher.running.unfinished;
  }

  /** Streams that are open, both ways. */
  get openStreams(): number {
    return this.#parts.readers.count + this.#parts.writers.count;
  }

  /** Functions that are lent to the other side. */
  get lentFunctions(): number {
    return this.#parts.lending.count;
  }

  /** Lets that message in, once, and nothing else until it has come: anything else closes the connection, with 1008 over WebSocket. */
  expect(step: Step): void {
    this.#parts.gate.expect(step);
  }

  /** The other side has proven itself: its messages may be long, and are more than the handshake's, unless a step is still expected. */
  trust(): void {
    this.#parts.gate.trust();
    this.#channel.allow?.(this.#options.limits.maxMessageBytes);
  }

  provide(implementations: readonly ImplementationRecord[]): void {
    this.#parts.dispatcher.provide(implementations);
  }

  /** Answers the protocol's own methods for topics. */
  answer(handlers: ReadonlyMap<string, WireCallHandler>): void {
    this.#parts.dispatcher.answer(handlers);
  }

  /** Sends a message that was encoded for many connections at once. Returns the bytes that the system has not taken. */
  publish(message: string): number {
    const { sender } = this.#parts;
    if (this.#reason === undefined) sender.send(message);
    return sender.unsent;
  }

  /** Says whether the open conversation keeps the program alive. Until it is called, it does. */
  holdProgram(holds: boolean): void {
    this.#channel.hold?.(holds);
  }

  /** Runs `task` once what was sent so far is with the system, or never will be. */
  whenHanded(task: () => void): void {
    this.#parts.sender.whenHanded("", task, task);
  }

  /** How the channel turns from lines to frames, if it can. */
  get frames(): FrameSwitch | undefined {
    return this.#channel.frames;
  }

  /** What is sent from now on are frames, with bytes beside the JSON, and texts where the other side takes those. */
  sendFrames(withTexts: boolean): void {
    this.#channel.frames?.send();
    const { attachmentPolicy } = this.#parts.sender;
    attachmentPolicy.raw = true;
    if (withTexts) attachmentPolicy.longText = LONG_TEXT;
  }

  /** Runs calls from now on; before, they are answered `BUSY`. */
  activate(): void {
    this.#parts.dispatcher.activate();
  }

  call(method: string, input: unknown, options?: CallOptions, accept?: Transform): Promise<unknown> {
    return this.#parts.caller.call(method, input, options, accept);
  }

  /**
   * Resolves with the reading end of a stream.
   * @param accept What is made of each item before it is read.
   * @param onEnd Called when an opened stream is over.
   */
  openStream(method: string, input: unknown, options: CallOptions, accept: Transform, onEnd: () => void): Promise<StreamReader> {
    const { caller, readers, checks } = this.#parts;
    const { clock, callTimeoutMs, other } = this.#options;
    return openStream({ caller, readers, checks, clock, callTimeoutMs, other }, { method, input, options, accept, onEnd });
  }

  /** Resolves when it was handed to the system. */
  notify(method: string, input: unknown, options?: CallOptions): Promise<void> {
    return this.#parts.notifier.notify(method, input, options);
  }

  /** Takes no more calls; resolves once those that run have been answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void> {
    return this.#parts.dispatcher.drain(graceMs);
  }

  /**
   * Makes no more calls for users here; resolves once those that wait have their answers, and streams that are read have ended, or after
   * `graceMs`.
   * @param why The end of the sentence that a refused call gets.
   */
  async finishCalls(graceMs: number, why: string): Promise<void> {
    const { clock } = this.#options;
    const { caller, readers } = this.#parts;
    const giveUpAt = clock.now() + graceMs;
    this.refuseCalls(why);
    await caller.untilNone(graceMs);
    // No stream is opened any more: those that are read can only get fewer.
    await readers.untilNone(giveUpAt - clock.now());
  }

  /** Makes no more calls for users here. @param why The end of the sentence that a refused call gets. */
  refuseCalls(why: string): void {
    this.#parts.caller.admission.refuseUsers(notSentBecause(why));
  }

  /** We are about to end the other side: calls are refused, and its going is no loss. */
  leave(why: string): void {
    this.#leaving = true;
    this.#parts.caller.admission.refuse(notSentBecause(why));
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
    this.#parts.log.warn(sentence);
    if (this.#parts.gate.isTrusted) this.#channel.send(encodeViolation(code, problem));
    const error = new PluginError("PROTOCOL_VIOLATION", sentence);
    void this.close({ kind: "lost", error }, code === WireCode.parseError ? 1003 : 1008, problem);
  }

  #closeOutOfOrder(what: string): void {
    const sentence = `Closed the connection to ${this.#options.other}: it sent ${what} ${this.#parts.gate.reason}`;
    void this.close({ kind: "lost", error: new PluginError("PROTOCOL_VIOLATION", sentence) }, 1008, "out of order");
  }

  // Its words are the reason that our callers want to read.
  #complain(error: unknown): void {
    const text = (error as { message?: unknown } | null)?.message;
    const what = `${this.#options.other} could not read what we sent${typeof text === "string" ? `: ${heardLine(text)}` : ""}`;
    this.#complaint = new PluginError("PROTOCOL_VIOLATION", `Lost the connection: ${what}`);
    this.#parts.log.error(what);
  }

  #drained(): void {
    this.#parts.sender.drained();
    this.#parts.replies.drained();
  }

  #ended(error: PluginError | undefined, unwritten: number, code: number | undefined): void {
    this.#unwritten = unwritten;
    const cause = this.#complaint ?? error;
    const reason = this.#leaving ? ({ kind: "closed", by: "us" } as const) : reasonOf(cause, code);
    const known = this.#reason !== undefined || this.#leaving || this.#complaint !== undefined;
    if (known || this.#options.explain === undefined) return this.#over(reason);
    this.#incoming.open = false;
    this.#parts.caller.admission.refuse((method) => closeErrors(reason, this.#options.other).notSent(method));
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
    const { replies, dispatcher, writers, readers, log } = this.#parts;
    this.#reason = reason;
    this.#incoming.open = false;
    replies.end();
    const errors = closeErrors(reason, this.#options.other);
    this.#callsLost = this.#parts.caller.pending;
    this.#ending?.abort(overError(reason, this.#options.other));
    this.#loseCalls(errors);
    dispatcher.abortAll(errors.aborted);
    writers.lose();
    readers.lose(errors.cut);
    log.end();
  }

  /** Rejects everything of ours that waits. What certainly never left says so: it may be made again elsewhere. */
  #loseCalls(errors: CloseErrors): void {
    const { caller, sender } = this.#parts;
    caller.admission.end((method) => errors.notSent(method));
    const firstUnwritten = sender.sent - this.#unwritten + 1;
    const errorOf = (method: string, sequence: number): PluginError =>
      sequence === 0 || sequence >= firstUnwritten ? errors.notSent(method) : errors.lost(method);
    caller.lose(errorOf);
    sender.rejectAll(errorOf);
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
