import { ReceivedAttachments } from "../wire/attachments.js";
import { decodeLines, type MessageSink } from "../wire/codec.js";
import { encodeError } from "../wire/encode.js";
import { type JSONRPCErrorException, WireCode } from "../wire/error-codes.js";
import type { ResolvedLimits } from "../wire/limits.js";
import { type Id, INVOKE, ITEM, isUsers, type Message, type Meta } from "../wire/messages.js";
import { restore } from "../wire/references/restore.js";
import { quoted } from "./errors/heard.js";
import { TooMany } from "./errors/too-many.js";
import type { Parts } from "./parts.js";
import { readInvoke } from "./references/invoke.js";
import { Scope } from "./references/scope.js";

/** What the routing itself finds. */
export interface Verdicts {
  /** It was no message: the conversation is over. */
  violation(code: number, problem: string): void;
  /** It may not come now: likewise. */
  outOfOrder(what: string): void;
  /** The other side could not read something of ours, and closes. */
  complaint(error: unknown): void;
}

/** Routes each message that arrives to the part that deals with it. */
export class Incoming implements MessageSink {
  /** False once the conversation is over, and nothing more is read. */
  open = true;
  /** Messages. */
  received = 0;
  /** Characters of messages, and bytes beside them. */
  receivedLength = 0;
  orphanReplies = 0;
  /** The raw bytes of the frame that is being read. */
  #raw: Uint8Array | undefined;
  readonly #parts: Parts;
  readonly #verdicts: Verdicts;
  readonly #limits: ResolvedLimits;

  constructor(parts: Parts, verdicts: Verdicts, limits: ResolvedLimits) {
    this.#parts = parts;
    this.#verdicts = verdicts;
    this.#limits = limits;
  }

  // Counted by the text, not by the message: a call pays nothing for it.
  lines(text: string): void {
    this.receivedLength += text.length + 1;
    this.received += decodeLines(text, this.#limits, this);
  }

  /** A frame's message is a line like any other, and its refs point into the bytes beside it. */
  frame(message: string, bytes: Uint8Array): void {
    if (message.includes("\n")) return this.violation(WireCode.invalidRequest, "its message with raw bytes holds a newline");
    this.#raw = bytes;
    this.receivedLength += bytes.length;
    this.lines(message);
    this.#raw = undefined;
  }

  request(id: Id, method: string, params: unknown, meta: Meta | undefined, length: number): void {
    const { dispatcher, reserved, gate } = this.#parts;
    if (dispatcher.running.has(id) || reserved.running.has(id)) {
      return this.violation(WireCode.invalidRequest, `its id ${quoted(id)} belongs to a request that still runs`);
    }
    if (!gate.isOpen && !gate.admits("request", method)) return this.#verdicts.outOfOrder(quoted(method));
    if (method === INVOKE) this.#invoked(id, params, meta, undefined, length);
    else if (!isUsers(method)) reserved.request(id, method, params);
    else dispatcher.request(id, method, params, meta, undefined, length);
  }

  notification(method: string, params: unknown, meta: Meta | undefined, length: number): void {
    if (!this.#parts.gate.admits("notification", method)) return this.#verdicts.outOfOrder(quoted(method));
    if (!isUsers(method)) this.#parts.reserved.notification(method, params);
    else this.#parts.dispatcher.notification(method, params, meta, length);
  }

  items(params: unknown, bytes: number): void {
    if (!this.#parts.gate.isOpen) return this.#verdicts.outOfOrder(quoted(ITEM));
    // Items are many, and none of our own come in an array of one: no more is asked of them than this.
    const problem = this.#parts.readers.items(Array.isArray(params) && params.length === 1 ? params[0] : params, bytes);
    if (problem !== undefined) this.violation(WireCode.invalidRequest, problem);
  }

  referring(message: Message, refs: unknown, bytes: number): void {
    const { lending, borrowing, gate } = this.#parts;
    // What a step of the handshake holds, as a configuration, may have bytes in it.
    const isAdmitted = "method" in message ? gate.admits(message.kind, message.method) : gate.isOpen;
    if (!isAdmitted) return this.#verdicts.outOfOrder("a message with refs");
    const attachments = new ReceivedAttachments(this.#raw, this.#limits.maxMessageBytes);
    const scope = new Scope();
    const label = lending.labelOf(message);
    // The protocol's own calls lend nothing: none of them has an end at which it would be given back.
    const lends = message.kind === "request" && isUsers(message.method);
    const revive = (ref: Readonly<Record<string, unknown>>): unknown => {
      // What is lent is lent for the length of a request; nothing else has one.
      return lends || "bytes" in ref || "text" in ref ? borrowing.borrow(ref, scope, label, attachments) : undefined;
    };
    try {
      this.#restored(message, (value) => restore(value, refs, revive), scope, bytes);
    } catch (error) {
      scope.end();
      if (error instanceof TooMany && message.kind === "request" && !this.#isRunning(message.id)) {
        return this.#parts.replies.send(
          encodeError(message.id, { code: WireCode.busy, message: `Cannot run "${label}": ${error.message}` }),
        );
      }
      this.violation(WireCode.invalidRequest, (error as Error).message);
    }
  }

  result(id: Id, value: unknown): void {
    if (!this.#parts.caller.resolve(id, value)) this.#orphan();
  }

  failure(id: Id | null, error: unknown): void {
    if (id !== null) {
      if (!this.#parts.caller.reject(id, error)) this.#orphan();
    } else if (this.#parts.gate.isTrusted) this.#verdicts.complaint(error);
    else this.#verdicts.outOfOrder("an answer");
  }

  violation(code: number, problem: string): void {
    this.#verdicts.violation(code, problem);
  }

  #restored(message: Message, revived: (value: unknown) => unknown, scope: Scope, bytes: number): void {
    if (message.kind === "result") return this.result(message.id, revived(message.value));
    if (message.kind === "error") return this.failure(message.id, message.error);
    const params = revived(message.params);
    const length = bytes + (this.#raw?.length ?? 0);
    if (message.kind === "notification")
      return message.method === ITEM ? this.items(params, length) : this.notification(message.method, params, message.meta, length);
    const { id, method, meta } = message;
    if (this.#isRunning(id) || !isUsers(method)) return this.request(id, method, params, meta, length);
    if (method === INVOKE) this.#invoked(id, params, meta, scope, length);
    else this.#parts.dispatcher.request(id, method, params, meta, scope, length);
  }

  /** A function that we lent is called. */
  #invoked(id: Id, params: unknown, meta: Meta | undefined, scope: Scope | undefined, length: number): void {
    const { dispatcher } = this.#parts;
    let call: ReturnType<typeof readInvoke>;
    try {
      call = readInvoke(params, this.#parts.lending);
    } catch (error) {
      this.#parts.replies.send(encodeError(id, (error as JSONRPCErrorException).toObject()));
      return scope?.end();
    }
    const { lent, args } = call;
    lent.onUse();
    const entry = { name: lent.label, kind: "method" as const, handler: () => lent.call(...args), input: undefined, output: undefined };
    // And in the trace that crossed, which is as good as the lender's or closer to what happens.
    lent.enter(() => dispatcher.run(id, entry, undefined, meta, scope, length));
    if (!dispatcher.running.has(id)) scope?.end();
  }

  #isRunning(id: Id): boolean {
    return this.#parts.dispatcher.running.has(id) || this.#parts.reserved.running.has(id);
  }

  // Ignored and counted, but not during a handshake: there is nothing to answer but what waits.
  #orphan(): void {
    this.orphanReplies++;
    if (!this.#parts.gate.isOpen) this.#verdicts.outOfOrder("an answer");
  }
}
