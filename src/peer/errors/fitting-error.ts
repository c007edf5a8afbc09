import { isTooLong, type WireError } from "../../wire/encode.js";
import type { ResolvedLimits } from "../../wire/limits.js";
import { structureFault } from "../../wire/structure.js";

type Encode = (error: WireError) => string;
type Fits = (error: WireError) => boolean;
/** What an error says of itself beside its message, or one of its causes. */
type Details = Readonly<Record<string, unknown>>;

/**
 * The message that tells of an error, as much of it as the other side will take: a line beyond the limits would cost the whole
 * connection. What was thrown may be as deep or as long as it likes: its own data goes first, then its causes, then name and code.
 */
export function encodeFitting(error: WireError, { maxDepth, maxValues, maxMessageBytes }: ResolvedLimits, encode: Encode): string {
  const isFit = (text: string): boolean =>
    structureFault(text, 0, text.length, maxDepth, maxValues) === undefined && !isTooLong(text, maxMessageBytes);
  const whole = encode(error);
  if (isFit(whole)) return whole;
  for (const less of lighter(error, (part) => isFit(encode(part)))) {
    const text = encode(less);
    if (isFit(text)) return text;
  }
  return encode({ code: error.code, message: "" });
}

function* lighter({ code, message, data }: WireError, fits: Fits): Generator<WireError> {
  if (isDetails(data)) {
    yield { code, message, data: withoutMismatches(data, [], fits) };
    const { data: _own, ...rest } = withoutMismatches(data, [], () => false);
    yield { code, message, data: rest };
    const { cause: _cause, ...last } = rest;
    yield { code, message, data: last };
  }
  yield { code, message };
  yield { code, message: message.slice(0, 64) };
}

/** Leaves out the data, of the error or of a cause, that would not fit if it stood alone in its place. */
function withoutMismatches(details: Details, path: readonly "cause"[], fits: Fits): Details {
  const { data, cause, ...rest } = details;
  const alone = path.reduce<Details>((inner, key) => ({ [key]: inner }), { data });
  return {
    ...rest,
    ...(data !== undefined && fits({ code: 0, message: "", data: alone }) ? { data } : {}),
    ...(isDetails(cause) ? { cause: withoutMismatches(cause, [...path, "cause"], fits) } : {}),
  };
}

function isDetails(value: unknown): value is Details {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
