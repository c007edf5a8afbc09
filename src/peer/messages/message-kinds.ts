import {
  encodeNotification,
  encodeRequest,
  encodeResult,
  encodeSpecialNotification,
  encodeSpecialRequest,
  encodeSpecialResult,
  paramsOf,
} from "../../wire/encode.js";
import { type Id, ITEM } from "../../wire/messages.js";
import type { Extracted, Ref } from "../../wire/references/ref.js";
import type { SmallText } from "../../wire/small-json.js";

type Refs = Readonly<Record<string, Ref>>;

/** A message whose value had something taken out of it, which refs name. */
export interface SpecialKind<I extends Id | undefined> {
  /** The value, in sentences. */
  readonly what: string;
  /** Levels of the message around the value that count as the value's, in sentences. */
  readonly levelsAround: number;
  /** The bytes in the value may change as soon as it is written. */
  readonly copiesBytes: boolean;
  /** The value as it stands in the message, and where in that each ref leads. @param id As for special(). */
  place(extracted: Extracted, id: I): Extracted;
  /** @param id The request's; of an item, its stream's. */
  special(id: I, method: string, value: unknown, refs: Refs): string;
}

/** A message around one value. */
export interface MessageKind<I extends Id | undefined> extends SpecialKind<I> {
  /** For a value that JSON carries as it is. @param small Its text, if it is small. */
  plain(id: I, method: string, value: unknown, small: SmallText): string;
}

export const REQUEST: MessageKind<number> = {
  what: "its input",
  levelsAround: 0,
  copiesBytes: false,
  plain: encodeRequest,
  place: paramsOf,
  special: encodeSpecialRequest,
};

export const NOTIFICATION: MessageKind<undefined> = {
  what: "its input",
  levelsAround: 0,
  copiesBytes: false,
  plain: (_id, method, input, small) => encodeNotification(method, input, small),
  place: paramsOf,
  special: (_id, method, params, refs) => encodeSpecialNotification(method, params, refs),
};

/** Its method is not looked at. */
export const RESPONSE: MessageKind<Id> = {
  what: "its result",
  levelsAround: 0,
  copiesBytes: false,
  plain: (id, _method, result, small) => encodeResult(id, result, small),
  place: (extracted) => extracted,
  special: (id, _method, result, refs) => encodeSpecialResult(id, result, refs),
};

/** The message, its params, and the list of items. */
export const LEVELS_AROUND_ITEMS = 3;

/** One item of a stream. A producer may well put one item after another into the same memory. */
export const SPECIAL_ITEM: SpecialKind<number> = {
  what: "it",
  levelsAround: LEVELS_AROUND_ITEMS,
  copiesBytes: true,
  place: ({ value, refs }, id) => ({
    value: { stream: id, items: [value] },
    refs: Object.fromEntries(Object.entries(refs).map(([pointer, ref]) => [`/items/0${pointer}`, ref])),
  }),
  special: (_id, _method, params, refs) => encodeSpecialNotification(ITEM, params, refs),
};
