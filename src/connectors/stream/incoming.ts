import { isThenable } from "../../util/thenable.js";
import { type Codec, textDecoderOf } from "../codecs.js";
import type { MakePreprocessor } from "../processors/by-name.js";
import { Fault, type Pieces, type Preprocessor } from "../processors/processor.js";
import { Separate } from "../processors/separate.js";

/** What becomes of the frames of each connection. */
export interface Decoded<C> {
  /** @param bytes That it had, as the codec was given them. */
  event(from: C, data: unknown, isBinary: boolean, bytes: number): void;
  fault(from: C, fault: Fault, isBinary: boolean, cause?: unknown): void;
}

interface Frame {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** One connection's frames on their way through its preprocessors and the codec, in order. What needs no waiting is done at once. */
export class Incoming<C = unknown> {
  readonly #steps: readonly Preprocessor[];
  readonly #codec: Codec;
  readonly #from: C;
  readonly #decoded: Decoded<C>;
  readonly #decodeText: ((text: string) => unknown) | undefined;
  #isBinary = false;
  /** Frames that came while an earlier one is on its way. */
  #waiting: Frame[] | undefined;
  #busy: Promise<void> | undefined;

  constructor(preprocessors: readonly MakePreprocessor[], codec: Codec, from: C, decoded: Decoded<C>) {
    this.#steps = preprocessors.map((make) => make());
    this.#codec = codec;
    this.#from = from;
    this.#decoded = decoded;
    this.#decodeText = textDecoderOf(codec);
  }

  /** Settles, where there is something to wait for; until then no more should be read. */
  push(data: Buffer, isBinary: boolean): Promise<void> | undefined {
    if (this.#busy !== undefined) {
      this.#waiting ??= [];
      this.#waiting.push({ data, isBinary });
      return this.#busy;
    }
    this.#isBinary = isBinary;
    const texts = isBinary ? undefined : this.#cutText(data);
    if (texts !== undefined) {
      for (const text of texts) this.#decodeOne(text, text.length);
      return undefined;
    }
    const work = this.#through(data, 0);
    if (work !== undefined) this.#busy = this.#goOn(work);
    return this.#busy;
  }

  /** The connection has ended. Settles when all that it brought has been dealt with. */
  end(whole: boolean): Promise<void> | undefined {
    return this.#busy === undefined ? this.#end(whole, 0) : this.#busy.then(() => this.#end(whole, 0));
  }

  /** The pieces of a text frame, where it needs to be looked at as a text alone: lines of JSON, most of all. */
  #cutText(data: Buffer): string[] | undefined {
    if (this.#decodeText === undefined || this.#steps.length > 1) return undefined;
    const [step] = this.#steps;
    if (step === undefined) return [data.toString()];
    return step instanceof Separate ? step.pushText(data) : undefined;
  }

  async #goOn(first: Promise<void>): Promise<void> {
    await first;
    for (let frame = this.#waiting?.shift(); frame !== undefined; frame = this.#waiting?.shift()) {
      this.#isBinary = frame.isBinary;
      await this.#through(frame.data, 0);
    }
    this.#busy = undefined;
  }

  #through(piece: Buffer | Fault, step: number): Promise<void> | undefined {
    if (piece instanceof Fault) return void this.#decoded.fault(this.#from, piece, this.#isBinary);
    if (step === this.#steps.length) return void this.#decodeOne(piece, piece.length);
    const pieces = (this.#steps[step] as Preprocessor).push(piece);
    return isThenable(pieces) ? pieces.then((made) => this.#each(made, step + 1, 0)) : this.#each(pieces, step + 1, 0);
  }

  #each(pieces: Pieces, step: number, from: number): Promise<void> | undefined {
    for (let index = from; index < pieces.length; index++) {
      const work = this.#through(pieces[index] as Buffer | Fault, step);
      if (work !== undefined) return work.then(() => this.#each(pieces, step, index + 1));
    }
    return undefined;
  }

  /** What the first step still held goes through those after it, before they are asked in turn. */
  #end(whole: boolean, from: number): Promise<void> | undefined {
    for (let step = from; step < this.#steps.length; step++) {
      const work = this.#each((this.#steps[step] as Preprocessor).end(whole), step + 1, 0);
      if (work !== undefined) return work.then(() => this.#end(whole, step + 1));
    }
    return undefined;
  }

  #decodeOne(piece: Buffer | string, bytes: number): void {
    let data: unknown;
    try {
      data = typeof piece === "string" ? this.#decodeText?.(piece) : this.#codec.decode(piece);
    } catch (cause) {
      const why = `the codec "${this.#codec.name}" cannot decode it (${cause instanceof Error ? cause.message : "it threw"})`;
      const input = typeof piece === "string" ? Buffer.from(piece) : piece;
      return this.#decoded.fault(this.#from, new Fault("PROTOCOL_VIOLATION", why, input), this.#isBinary, cause);
    }
    this.#decoded.event(this.#from, data, this.#isBinary, bytes);
  }
}
