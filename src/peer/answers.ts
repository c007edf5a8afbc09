import type { ValidationError } from "../errors.js";
import type { Logger } from "../util/logger.js";
import { isWithinDepth } from "../wire/depth.js";
import { encodeError, encodeResult, isTooLong, type WireError } from "../wire/encode.js";
import { WireCode } from "../wire/error-codes.js";
import type { ResolvedLimits } from "../wire/limits.js";
import type { Id } from "../wire/messages.js";
import { Misfit } from "./handler.js";
import { textOfThrown, toWireError } from "./remote-error.js";

const MOST_ISSUES = 100;
const MOST_ISSUE_TEXT = 512;

/** What a call is answered with: one message that the other side will take, whatever the handler made of it. Never throws. */
export class Answers {
  readonly #send: (message: string) => void;
  readonly #limits: ResolvedLimits;
  readonly #logger: Logger;

  constructor(send: (message: string) => void, { limits, logger }: { readonly limits: ResolvedLimits; readonly logger: Logger }) {
    this.#send = send;
    this.#limits = limits;
    this.#logger = logger;
  }

  /** @param name The full name of what ran. */
  result(id: Id, name: string, value: unknown): void {
    let message: string;
    try {
      message = encodeResult(id, value);
    } catch (error) {
      return this.#unfit(id, name, `its result cannot be sent (${textOfThrown(error)})`);
    }
    const { maxDepth, maxMessageBytes } = this.#limits;
    if (!isWithinDepth(message, 0, message.length, maxDepth)) {
      return this.#unfit(id, name, `its result is nested deeper than ${maxDepth} levels`);
    }
    if (isTooLong(message, maxMessageBytes)) {
      const text = `Cannot answer "${name}": its result is longer than ${maxMessageBytes} bytes`;
      this.#logger.warn(text);
      return this.refuse(id, WireCode.tooLarge, text);
    }
    this.#send(message);
  }

  thrown(id: Id, name: string, thrown: unknown): void {
    const misfit = Misfit.errorOf(thrown);
    if (misfit?.code !== "INVALID_INPUT") this.failed(name, thrown);
    if (misfit === undefined) return this.#fail(id, toWireError(thrown));
    const { code, message, issues } = misfit;
    const wireCode = code === "INVALID_OUTPUT" ? WireCode.invalidOutput : WireCode.invalidInput;
    this.#fail(id, { code: wireCode, message, data: { issues: issues.slice(0, MOST_ISSUES).map(plainIssue) } });
  }

  refuse(id: Id, code: number, message: string): void {
    this.#fail(id, { code, message });
  }

  /** The stack stays here; the other side gets the text. */
  failed(name: string, thrown: unknown): void {
    this.#logger.warn(`The handler of "${name}" failed`, { error: Misfit.errorOf(thrown) ?? thrown });
  }

  #unfit(id: Id, name: string, problem: string): void {
    const message = `Cannot answer "${name}": ${problem}`;
    this.#logger.warn(message);
    this.#fail(id, { code: WireCode.invalidOutput, message, data: { issues: [{ message: problem }] } });
  }

  // What is thrown may be as deep or as long as it likes, and a line beyond the limits would cost the whole connection.
  #fail(id: Id, error: WireError): void {
    const { maxDepth, maxMessageBytes } = this.#limits;
    const fits = (text: string): boolean => isWithinDepth(text, 0, text.length, maxDepth) && !isTooLong(text, maxMessageBytes);
    const whole = encodeError(id, error);
    if (fits(whole)) return this.#send(whole);
    const bare = encodeError(id, { code: error.code, message: error.message });
    this.#send(fits(bare) ? bare : encodeError(id, { code: error.code, message: error.message.slice(0, 64) }));
  }
}

function plainIssue({ message, path }: ValidationError["issues"][number]): { message: string; path?: unknown[] } {
  const text = String(message).slice(0, MOST_ISSUE_TEXT);
  return path === undefined
    ? { message: text }
    : { message: text, path: path.map((step) => (typeof step === "object" ? step?.key : step)) };
}
