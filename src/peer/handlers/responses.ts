import { isWithinDepth } from "../../util/depth.js";
import type { Logger } from "../../util/logger.js";
import type { AttachmentPolicy, Attachments } from "../../wire/attachments.js";
import { encodeError, encodeResult, encodeSpecialResult, type WireError } from "../../wire/encode.js";
import { WireCode } from "../../wire/error-codes.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import type { Id } from "../../wire/messages.js";
import { extract, lendNothing } from "../../wire/references/extract.js";
import { isSpecial } from "../../wire/references/scan.js";
import { NOT_SMALL, smallText } from "../../wire/small-json.js";
import { errorResponse } from "../errors/error-response.js";
import { encodeFitting } from "../errors/fitting-error.js";
import { SchemaMismatch } from "../errors/schema-mismatch.js";
import { whyTooLong } from "../errors/too-long.js";
import { type Flaw, flawOf } from "../errors/unsendable.js";

/** What a call is answered with: one message that the other side will take, whatever the handler made of it. Never throws. */
export class Responses {
  readonly #send: (message: string, bytes?: readonly Uint8Array[]) => void;
  readonly #attachmentPolicy: AttachmentPolicy;
  readonly #limits: ResolvedLimits;
  readonly #logger: Logger;
  #errors = 0;

  /** @param attachmentPolicy What may go beside the JSON. */
  constructor(
    send: (message: string, bytes?: readonly Uint8Array[]) => void,
    attachmentPolicy: AttachmentPolicy,
    { limits, logger }: { readonly limits: ResolvedLimits; readonly logger: Logger },
  ) {
    this.#send = send;
    this.#attachmentPolicy = attachmentPolicy;
    this.#limits = limits;
    this.#logger = logger;
  }

  /** How many calls were answered with an error. */
  get errors(): number {
    return this.#errors;
  }

  /** @param name The full name of what ran. */
  result(id: Id, name: string, value: unknown): void {
    let message: string;
    let attachments: Attachments | undefined;
    try {
      const small = smallText(value);
      if (small === NOT_SMALL && isSpecial(value, this.#attachmentPolicy.longText))
        message = encodeWith((attachments = this.#attachmentPolicy.attachments()), id, value);
      else message = encodeResult(id, value, small);
    } catch (error) {
      const flaw = flawOf(value, error);
      return this.#unfit(id, name, { ...flaw, message: `its result cannot be sent (${flaw.message})` });
    }
    const { maxDepth, maxMessageBytes } = this.#limits;
    if (!isWithinDepth(message, 0, message.length, maxDepth)) {
      return this.#unfit(id, name, { message: `its result is nested deeper than ${maxDepth} levels` });
    }
    const tooLong = whyTooLong("its result", message, attachments, maxMessageBytes);
    if (tooLong !== undefined) {
      const text = `Cannot answer "${name}": ${tooLong}`;
      this.#logger.warn(text);
      return this.refuse(id, WireCode.tooLarge, text);
    }
    this.#send(message, attachments?.pieces);
  }

  thrown(id: Id, name: string, thrown: unknown): void {
    if (SchemaMismatch.errorOf(thrown)?.code !== "INVALID_INPUT") this.failed(name, thrown);
    this.#fail(id, errorResponse(thrown));
  }

  refuse(id: Id, code: number, message: string): void {
    this.#fail(id, { code, message });
  }

  /** The stack stays here; the other side gets the text. */
  failed(name: string, thrown: unknown): void {
    this.#logger.warn(`The handler of "${name}" failed`, { error: SchemaMismatch.errorOf(thrown) ?? thrown });
  }

  #unfit(id: Id, name: string, flaw: Flaw): void {
    const message = `Cannot answer "${name}": ${flaw.message}`;
    this.#logger.warn(message);
    this.#fail(id, { code: WireCode.invalidOutput, message, data: { issues: [flaw] } });
  }

  #fail(id: Id, error: WireError): void {
    this.#errors++;
    this.#send(encodeFitting(error, this.#limits, (fitting) => encodeError(id, fitting)));
  }
}

function encodeWith(attachments: Attachments | undefined, id: Id, result: unknown): string {
  const { value, refs } = extract(result, lendNothing, attachments);
  attachments?.seal(refs);
  return encodeSpecialResult(id, value, refs);
}
