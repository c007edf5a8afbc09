import type { CallOptions } from "../../contract/views.js";
import { PluginError, ValidationError } from "../../errors.js";
import type { Clock } from "../../util/clock.js";
import { isWithinDepth } from "../../util/depth.js";
import type { AttachmentPolicy, Attachments } from "../../wire/attachments.js";
import {
  addMeta,
  encodeNotification,
  encodeRequest,
  encodeSpecialNotification,
  encodeSpecialRequest,
  paramsOf,
} from "../../wire/encode.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { isUsers } from "../../wire/messages.js";
import { extract, type Lender, lendNothing } from "../../wire/references/extract.js";
import { isSpecial } from "../../wire/references/scan.js";
import { NOT_SMALL, smallText } from "../../wire/small-json.js";
import { whyTooLong } from "../errors/too-long.js";
import { TooMany } from "../errors/too-many.js";
import { type Flaw, flawOf } from "../errors/unsendable.js";
import type { References } from "../references.js";
import { Scope } from "../scope.js";
import type { Tracing } from "../tracing.js";
import type { PendingCall } from "./pending-calls.js";

export interface OutgoingOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly tracing?: Tracing | undefined;
}

/** Makes the messages of the calls and notifications that we send: what the other side will take, or the error that says why not. */
export class Outgoing {
  readonly #attachmentPolicy: AttachmentPolicy;
  readonly #options: OutgoingOptions;
  #attachments: Attachments | undefined;

  /** What lends what inputs hold. */
  references: References | undefined;

  constructor(attachmentPolicy: AttachmentPolicy, options: OutgoingOptions) {
    this.#attachmentPolicy = attachmentPolicy;
    this.#options = options;
  }

  /**
   * The text of a call, or of a notification if there is none. What goes beside it is for takePieces(), at once.
   * @throws {PluginError} It cannot be sent; `BUSY` if it can be later.
   */
  encode(call: PendingCall | undefined, method: string, input: unknown, options: CallOptions | undefined): string {
    try {
      return this.#checked(call?.method ?? method, method, this.#encode(call, method, input, options));
    } catch (error) {
      this.#attachments = undefined;
      throw error;
    }
  }

  /** What goes beside the message that was just encoded. */
  takePieces(): readonly Uint8Array[] | undefined {
    const attachments = this.#attachments;
    if (attachments === undefined) return undefined;
    this.#attachments = undefined;
    return attachments.pieces;
  }

  #encode(call: PendingCall | undefined, method: string, input: unknown, options: CallOptions | undefined): string {
    try {
      const small = smallText(input);
      if (small === NOT_SMALL && isSpecial(input, this.#attachmentPolicy.longText))
        return this.#encodeSpecial(call, method, input, options);
      return call === undefined ? encodeNotification(method, input, small) : encodeRequest(call.id, method, input, small);
    } catch (cause) {
      const label = call?.method ?? method;
      throw tooMuchLent(label, cause) ?? inputError(label, flawOf(input, cause), cause);
    }
  }

  #checked(label: string, method: string, encoded: string): string {
    const { tracing, limits } = this.#options;
    const message = tracing === undefined ? encoded : traced(encoded, method, tracing);
    if (!isWithinDepth(message, 0, message.length, limits.maxDepth)) {
      throw inputError(label, { message: `it is nested deeper than ${limits.maxDepth} levels` });
    }
    const tooLong = whyTooLong("its input", message, this.#attachments, limits.maxMessageBytes);
    if (tooLong !== undefined) throw new PluginError("LIMIT_EXCEEDED", `Cannot call "${label}": ${tooLong}`);
    return message;
  }

  // What most calls do not need: bytes, functions, iterables and long texts in the input.
  #encodeSpecial(call: PendingCall | undefined, method: string, input: unknown, options: CallOptions | undefined): string {
    const attachments = this.#attachmentPolicy.attachments();
    const { value, refs } = paramsOf(extract(input, this.#lender(call, method, options), attachments));
    attachments?.seal(refs);
    // Not before: a toJSON of the input may have made a call of its own.
    this.#attachments = attachments;
    return call === undefined ? encodeSpecialNotification(method, value, refs) : encodeSpecialRequest(call.id, method, value, refs);
  }

  // A notification has no end, until which something could be lent, and nobody lends with the protocol's own calls.
  #lender(call: PendingCall | undefined, method: string, options: CallOptions | undefined): Lender {
    if (call === undefined || this.references === undefined || !isUsers(method)) return lendNothing;
    call.scope = new Scope();
    const onUse = options?.progressResetsTimeout === true ? this.#extension(call, options) : () => {};
    return this.references.lender(call.scope, call.method, onUse);
  }

  /** Moves a call's deadline each time that it shows progress, up to its own cap. */
  #extension(call: PendingCall, { maxTotalMs = Number.POSITIVE_INFINITY }: CallOptions): () => void {
    const { clock } = this.#options;
    const { timeoutMs } = call;
    const cap = clock.now() + maxTotalMs;
    return () => {
      const deadline = clock.now() + timeoutMs;
      call.deadline = Math.min(deadline, cap);
      // For the sentence: from now on it is all of its time that may pass.
      if (deadline > cap) call.timeoutMs = maxTotalMs;
    };
  }
}

/** The error, where an input would lend more than may be lent now. */
function tooMuchLent(label: string, thrown: unknown): PluginError | undefined {
  // A getter may throw anything.
  const cause = (thrown as { readonly cause?: unknown } | null | undefined)?.cause;
  return cause instanceof TooMany ? new PluginError("BUSY", `Cannot call "${label}": ${cause.message}`) : undefined;
}

function inputError(method: string, flaw: Flaw, cause?: unknown): ValidationError {
  const sentence = `Cannot call "${method}": its input cannot be sent (${flaw.message})`;
  return new ValidationError("INVALID_INPUT", sentence, [flaw], cause === undefined ? undefined : { cause });
}

// The protocol's own calls belong to nobody's trace, and the first of them go to a stranger.
function traced(message: string, method: string, tracing: Tracing): string {
  const meta = isUsers(method) ? tracing.active() : undefined;
  return meta === undefined ? message : addMeta(message, meta);
}
