import { ValidationError } from "../../errors.js";
import { flawOf } from "../../peer/errors/unsendable.js";
import type { TopicMessage } from "../../peer/topics/messages.js";
import { encodeNotification } from "../../wire/encode.js";
import { EVENT } from "../../wire/messages.js";
import { extract, lendNothing } from "../../wire/references/extract.js";
import { isSpecial } from "../../wire/references/scan.js";

/** One event on its way to its subscribers: encoded once for all of them. */
export class BusEvent {
  readonly message: TopicMessage;
  /** Bytes and functions stand in no JSON: such an event is encoded for each connection. */
  readonly isSpecial: boolean;
  #text: string | undefined;

  constructor(message: TopicMessage) {
    this.message = message;
    this.isSpecial = isSpecial(message.value);
  }

  get topic(): string {
    return this.message.topic;
  }

  /** @throws {ValidationError} `INVALID_INPUT`: the payload cannot be sent, to whomever. */
  check(): void {
    const { value, topic } = this.message;
    try {
      if (this.isSpecial) extract(value, lendNothing);
      else void this.text;
    } catch (cause) {
      const flaw = flawOf(value, cause);
      throw new ValidationError("INVALID_INPUT", `Cannot emit "${topic}": its payload cannot be sent (${flaw.message})`, [flaw], { cause });
    }
  }

  /** The message as it crosses. @throws {Error} JSON cannot carry it. */
  get text(): string {
    this.#text ??= encodeNotification(EVENT, this.message);
    return this.#text;
  }

  /** About how much memory it holds, in bytes. */
  get length(): number {
    return this.isSpecial ? SPECIAL_BYTES : this.text.length;
  }

  /** A copy of the payload for a listener in this program: what one of them changes, no other sees. */
  payload(): unknown {
    const { value } = this.message;
    if (typeof value !== "object" || value === null) return value;
    return this.isSpecial ? structuredClone(value) : (JSON.parse(this.text) as { params: { value: unknown } }).params.value;
  }
}

const SPECIAL_BYTES = 4_096;
