import type { Logger } from "../../util/logger.js";
import { encodeError, type WireError } from "../../wire/encode.js";
import { WireCode } from "../../wire/error-codes.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import type { Id } from "../../wire/messages.js";
import { lendNothing } from "../../wire/references/extract.js";
import { errorResponse } from "../errors/error-response.js";
import { encodeFitting } from "../errors/fitting-error.js";
import { Refusal } from "../errors/refusal.js";
import { SchemaMismatch } from "../errors/schema-mismatch.js";
import type { Flaw } from "../errors/unsendable.js";
import { WriteError, type WriteFault } from "../errors/write-error.js";
import { RESPONSE } from "../messages/message-kinds.js";
import type { MessageWriter, OutgoingMessage } from "../messages/message-writer.js";
import type { ReplySender } from "../messages/reply-sender.js";

/** What a call is answered with: one message that the other side takes, whatever the handler made of it. Never throws. */
export class Responses {
  /** How many calls were answered with an error. */
  errors = 0;
  readonly #replies: ReplySender;
  readonly #messages: MessageWriter;
  readonly #limits: ResolvedLimits;
  readonly #log: Pick<Logger, "warn">;

  constructor(
    replies: ReplySender,
    messages: MessageWriter,
    { limits, log }: { readonly limits: ResolvedLimits; readonly log: Pick<Logger, "warn"> },
  ) {
    this.#replies = replies;
    this.#messages = messages;
    this.#limits = limits;
    this.#log = log;
  }

  /** @param name The full name of what ran. */
  result(id: Id, name: string, value: unknown): void {
    let message: OutgoingMessage;
    try {
      message = this.#messages.plain(RESPONSE, id, "", value) ?? this.#messages.special(RESPONSE, id, "", value, lendNothing);
    } catch (error) {
      const fault = WriteError.faultOf(error);
      if (fault === undefined) throw error;
      return this.#unwritten(id, name, fault);
    }
    this.#replies.send(message.text, message.bytes);
  }

  thrown(id: Id, name: string, thrown: unknown): void {
    // What this package refuses, and a veto, is an answer and no failure.
    if (Refusal.wireOf(thrown) === undefined && SchemaMismatch.errorOf(thrown)?.code !== "INVALID_INPUT") this.failed(name, thrown);
    this.#fail(id, errorResponse(thrown));
  }

  refuse(id: Id, code: number, message: string): void {
    this.#fail(id, { code, message });
  }

  /** The stack stays here; the other side gets the text. */
  failed(name: string, thrown: unknown): void {
    this.#log.warn(`The handler of "${name}" failed`, { error: SchemaMismatch.errorOf(thrown) ?? thrown });
  }

  /** A result whose message cannot be written. */
  #unwritten(id: Id, name: string, fault: WriteFault): void {
    if (fault.kind === "unsendable") {
      return this.#mismatch(id, name, { ...fault.flaw, message: `its result cannot be sent (${fault.flaw.message})` });
    }
    if (fault.kind === "too-deep") return this.#mismatch(id, name, { message: `its result is nested deeper than ${fault.levels} levels` });
    const message = `Cannot answer "${name}": ${fault.why}`;
    this.#log.warn(message);
    this.#fail(id, { code: WireCode.tooLarge, message });
  }

  #mismatch(id: Id, name: string, flaw: Flaw): void {
    const message = `Cannot answer "${name}": ${flaw.message}`;
    this.#log.warn(message);
    this.#fail(id, { code: WireCode.invalidOutput, message, data: { issues: [flaw] } });
  }

  #fail(id: Id, error: WireError): void {
    this.errors++;
    this.#replies.send(encodeFitting(error, this.#limits, (fitting) => encodeError(id, fitting)));
  }
}
