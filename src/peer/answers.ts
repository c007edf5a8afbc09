import type { Logger } from "../util/logger.js";
import type { Cargo, Carrier } from "../wire/cargo.js";
import { isWithinDepth } from "../wire/depth.js";
import { encodeError, encodeResult, encodeSpecialResult, type WireError } from "../wire/encode.js";
import { WireCode } from "../wire/error-codes.js";
import type { ResolvedLimits } from "../wire/limits.js";
import type { Id } from "../wire/messages.js";
import { extract, isSpecial, lendNothing } from "../wire/references.js";
import { NOT_SMALL, smallText } from "../wire/small-json.js";
import { answerError } from "./answer-error.js";
import { encodeFitting } from "./fitting-error.js";
import { Misfit } from "./handler.js";
import { whyTooLong } from "./too-long.js";
import { type Flaw, flawOf } from "./unsendable.js";

/** What a call is answered with: one message that the other side will take, whatever the handler made of it. Never throws. */
export class Answers {
  readonly #send: (message: string, bytes?: readonly Uint8Array[]) => void;
  readonly #carrier: Carrier;
  readonly #limits: ResolvedLimits;
  readonly #logger: Logger;
  #errors = 0;

  /** @param carrier What may go beside the JSON. */
  constructor(
    send: (message: string, bytes?: readonly Uint8Array[]) => void,
    carrier: Carrier,
    { limits, logger }: { readonly limits: ResolvedLimits; readonly logger: Logger },
  ) {
    this.#send = send;
    this.#carrier = carrier;
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
    let cargo: Cargo | undefined;
    try {
      const small = smallText(value);
      if (small === NOT_SMALL && isSpecial(value, this.#carrier.longText)) message = encodeWith((cargo = this.#carrier.cargo()), id, value);
      else message = encodeResult(id, value, small);
    } catch (error) {
      const flaw = flawOf(value, error);
      return this.#unfit(id, name, { ...flaw, message: `its result cannot be sent (${flaw.message})` });
    }
    const { maxDepth, maxMessageBytes } = this.#limits;
    if (!isWithinDepth(message, 0, message.length, maxDepth)) {
      return this.#unfit(id, name, { message: `its result is nested deeper than ${maxDepth} levels` });
    }
    const tooLong = whyTooLong("its result", message, cargo, maxMessageBytes);
    if (tooLong !== undefined) {
      const text = `Cannot answer "${name}": ${tooLong}`;
      this.#logger.warn(text);
      return this.refuse(id, WireCode.tooLarge, text);
    }
    this.#send(message, cargo?.pieces);
  }

  thrown(id: Id, name: string, thrown: unknown): void {
    if (Misfit.errorOf(thrown)?.code !== "INVALID_INPUT") this.failed(name, thrown);
    this.#fail(id, answerError(thrown));
  }

  refuse(id: Id, code: number, message: string): void {
    this.#fail(id, { code, message });
  }

  /** The stack stays here; the other side gets the text. */
  failed(name: string, thrown: unknown): void {
    this.#logger.warn(`The handler of "${name}" failed`, { error: Misfit.errorOf(thrown) ?? thrown });
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

function encodeWith(cargo: Cargo | undefined, id: Id, result: unknown): string {
  const { value, refs } = extract(result, lendNothing, cargo);
  cargo?.seal(refs);
  return encodeSpecialResult(id, value, refs);
}
