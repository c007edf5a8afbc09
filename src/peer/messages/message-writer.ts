import type { AttachmentPolicy, Attachments } from "../../wire/attachments.js";
import { addMeta } from "../../wire/encode.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import type { Id, Meta } from "../../wire/messages.js";
import { quickText } from "../../wire/quick-json.js";
import { extract, type Lender, type ValueRules } from "../../wire/references/extract.js";
import { isSpecial } from "../../wire/references/scan.js";
import { Unsendable } from "../../wire/references/unsendable.js";
import { NOT_SMALL } from "../../wire/small-json.js";
import { structureFault } from "../../wire/structure.js";
import { isStringTooLong, tooLong, tooMany, whyTooLong } from "../errors/too-long.js";
import { TooMany } from "../errors/too-many.js";
import { flawOf } from "../errors/unsendable.js";
import { WriteError } from "../errors/write-error.js";
import { LEVELS_AROUND_ITEMS, type MessageKind, type SpecialKind } from "./message-kinds.js";

/** What is to be sent in one piece: the text of a message, and the bytes that go beside it. */
export interface OutgoingMessage {
  readonly text: string;
  readonly bytes: readonly Uint8Array[] | undefined;
}

/** What stands around the items of a message takes fewer bytes than this. */
export const BYTES_AROUND_ITEMS = 128;
/** And it is fewer values. */
const VALUES_AROUND_ITEMS = 8;

/** Writes what carries a value to the other side, be it an input, a result or an item: one message that the other side takes. */
export class MessageWriter {
  /** What may go beside the JSON, as it is now. */
  readonly attachmentPolicy: AttachmentPolicy;
  readonly #limits: ResolvedLimits;
  readonly #rules: ValueRules;
  /** A shorter text is neither too deep, as each level takes two characters, nor too long, as none takes more than three bytes. */
  readonly #checkedFrom: number;

  constructor(attachmentPolicy: AttachmentPolicy, limits: ResolvedLimits, rules: ValueRules = "strict") {
    this.attachmentPolicy = attachmentPolicy;
    this.#limits = limits;
    this.#rules = rules;
    this.#checkedFrom = Math.min(limits.maxDepth * 2, Math.floor(limits.maxMessageBytes / 3));
  }

  /**
   * The message of a value that JSON carries as it is, which is what most are. Undefined for one that special() is for.
   * @param meta What travels beside the value.
   * @throws {WriteError}
   */
  plain<I extends Id | undefined>(kind: MessageKind<I>, id: I, method: string, value: unknown, meta?: Meta): OutgoingMessage | undefined {
    let text: string;
    try {
      const small = quickText(value);
      if (small === NOT_SMALL && isSpecial(value, this.attachmentPolicy.longText)) return undefined;
      text = kind.plain(id, method, value, small);
      if (meta !== undefined) text = addMeta(text, meta);
    } catch (error) {
      throw this.#unsendable(kind.what, value, error);
    }
    if (text.length >= this.#checkedFrom) this.#check(kind, text, undefined);
    return { text, bytes: undefined };
  }

  /**
   * The message of a value that holds bytes, functions, iterables or long texts: those are taken out of it.
   * @param lender Lends the functions and iterables.
   * @throws {WriteError}
   */
  special<I extends Id | undefined>(
    kind: SpecialKind<I>,
    id: I,
    method: string,
    value: unknown,
    lender: Lender,
    meta?: Meta,
  ): OutgoingMessage {
    const attachments = this.attachmentPolicy.attachments(kind.copiesBytes);
    let text: string;
    try {
      const placed = kind.place(extract(value, lender, attachments, this.#rules), id);
      attachments?.seal(placed.refs);
      text = kind.special(id, method, placed.value, placed.refs);
      if (meta !== undefined) text = addMeta(text, meta);
    } catch (error) {
      throw this.#unsendable(kind.what, value, error);
    }
    this.#check(kind, text, attachments);
    return { text, bytes: attachments?.pieces };
  }

  /** The JSON of an item that leaves together with others. Undefined for one that special() is for. @throws {WriteError} */
  itemText(item: unknown): string | undefined {
    let text: string | undefined;
    try {
      const small = quickText(item);
      if (small !== NOT_SMALL) return small;
      if (isSpecial(item, this.attachmentPolicy.longText)) return undefined;
      text = item === undefined ? "null" : (JSON.stringify(item) as string | undefined);
    } catch (error) {
      throw this.#unsendable("it", item, error);
    }
    if (text === undefined) {
      throw new WriteError({
        kind: "unsendable",
        flaw: { message: `it is a ${typeof item}, which JSON cannot carry` },
        cause: undefined,
      });
    }
    const { maxDepth, maxValues, maxMessageBytes } = this.#limits;
    const levels = maxDepth - LEVELS_AROUND_ITEMS;
    const fault = structureFault(text, 0, text.length, levels, maxValues - VALUES_AROUND_ITEMS);
    if (fault === "too deep") throw new WriteError({ kind: "too-deep", levels });
    const why = fault === undefined ? whyTooLong("it", text, undefined, maxMessageBytes, BYTES_AROUND_ITEMS) : tooMany("it", maxValues);
    if (why !== undefined) throw new WriteError({ kind: "too-long", why });
    return text;
  }

  #check(
    { what, levelsAround }: Pick<SpecialKind<never>, "what" | "levelsAround">,
    text: string,
    attachments: Attachments | undefined,
  ): void {
    const { maxDepth, maxValues, maxMessageBytes } = this.#limits;
    const fault = structureFault(text, 0, text.length, maxDepth, maxValues);
    if (fault === "too deep") throw new WriteError({ kind: "too-deep", levels: maxDepth - levelsAround });
    const why = fault === undefined ? whyTooLong(what, text, attachments, maxMessageBytes) : tooMany(what, maxValues);
    if (why !== undefined) throw new WriteError({ kind: "too-long", why });
  }

  #unsendable(what: string, value: unknown, thrown: unknown): WriteError {
    if (thrown instanceof Unsendable && thrown.cause instanceof TooMany)
      return new WriteError({ kind: "too-many", why: thrown.cause.message });
    // V8 makes no longer string.
    if (isStringTooLong(thrown)) return new WriteError({ kind: "too-long", why: tooLong(what, this.#limits.maxMessageBytes) });
    return new WriteError({ kind: "unsendable", flaw: flawOf(value, thrown, this.#rules), cause: thrown });
  }
}
