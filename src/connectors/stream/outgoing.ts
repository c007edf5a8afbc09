import { isUtf8 } from "node:buffer";
import { ValidationError } from "../../errors.js";
import { isThenable } from "../../util/thenable.js";
import type { Codec } from "../codecs.js";
import type { Postprocessor } from "../processors/processor.js";

/** What a frame holds. */
export type Payload = string | Buffer;

/** Events on their way through the codec and the postprocessors, in order. What needs no waiting is done at once. */
export class Outgoing {
  readonly #codec: Codec;
  readonly #steps: readonly Postprocessor[];
  /** Settles when what was begun before is done. */
  #busy: Promise<void> | undefined;

  constructor(codec: Codec, postprocessors: readonly Postprocessor[]) {
    this.#codec = codec;
    this.#steps = postprocessors;
  }

  /**
   * Gives an event's frame to `send`, after all frames of earlier events. Settles as that does.
   * @throws {ValidationError} The event cannot be encoded; rejects with it where that shows later.
   */
  encode(data: unknown, isBinary: boolean, send: (payload: Payload) => Promise<void>): Promise<void> {
    const payload = this.#through(this.#encode(data), 0);
    if (this.#busy === undefined && !isThenable(payload)) return send(checked(payload, isBinary));
    const before = this.#busy;
    // The promise of what is sent is not waited for here: only its place in the order.
    const made = Promise.resolve(payload).then(async (ready) => {
      await before;
      return { sent: send(checked(ready, isBinary)) };
    });
    const turn = Promise.all([before, made]).then(
      () => {},
      () => {},
    );
    this.#busy = turn;
    void turn.then(() => {
      if (this.#busy === turn) this.#busy = undefined;
    });
    return made.then(({ sent }) => sent);
  }

  /** Settles when no event is on its way. */
  async rest(): Promise<void> {
    while (this.#busy !== undefined) await this.#busy;
  }

  #encode(data: unknown): Payload {
    let encoded: string | Uint8Array;
    try {
      encoded = this.#codec.encode(data);
    } catch (cause) {
      throw invalid(`the codec "${this.#codec.name}" cannot encode its data`, cause);
    }
    if (typeof encoded === "string") return encoded;
    if (encoded instanceof Uint8Array) return Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    throw invalid(`the codec "${this.#codec.name}" made neither a text nor a Uint8Array of its data`);
  }

  #through(payload: Payload, from: number): Payload | Promise<Payload> {
    let current = payload;
    for (let step = from; step < this.#steps.length; step++) {
      const made = (this.#steps[step] as Postprocessor).push(current);
      if (isThenable(made)) return made.then((ready) => this.#through(ready, step + 1));
      current = made;
    }
    return current;
  }
}

function checked(payload: Payload, isBinary: boolean): Payload {
  if (isBinary || typeof payload === "string" || isUtf8(payload)) return payload;
  throw invalid("it goes in a text frame, and is not UTF-8\n  Set binary: true in its meta to send it in a binary frame.");
}

function invalid(why: string, cause?: unknown): ValidationError {
  const message = cause instanceof Error ? cause.message : why;
  return new ValidationError(
    "INVALID_INPUT",
    `Cannot send an event: ${why}${cause instanceof Error ? ` (${message})` : ""}`,
    [{ message }],
    { cause },
  );
}
