/** A part of the input that is given up: it comes on `err`. */
export class Fault {
  readonly code: "PROTOCOL_VIOLATION" | "LIMIT_EXCEEDED" | "CONNECTION_LOST";
  /** The end of a sentence that begins with what was wrong. */
  readonly why: string;
  readonly input: Uint8Array | undefined;

  constructor(code: Fault["code"], why: string, input?: Uint8Array) {
    this.code = code;
    this.why = why;
    this.input = input;
  }
}

/** What a step makes of its input, in order. */
export type Pieces = readonly (Buffer | Fault)[];

/** One step from frames to what the codec decodes. There is one of each for each connection; what it holds is bounded. */
export interface Preprocessor {
  /** One frame, or one piece of the step before. Called again only once it has settled. */
  push(data: Buffer): Pieces | Promise<Pieces>;
  /**
   * The connection has ended: what is left.
   * @param whole With a close frame: what was sent came whole.
   */
  end(whole: boolean): Pieces;
}

/** One step from what the codec encoded to what a frame holds. Keeps nothing from one event to the next. */
export interface Postprocessor {
  push(data: string | Buffer): string | Buffer | Promise<Buffer>;
}

/** No piece is longer, unless the configuration says so. */
export const MAX_LENGTH: number = 16 * 1024 * 1024;

export const NOTHING: Pieces = [];

/** The fault of what was cut off where the connection ended. */
export function cutOff(what: string, input?: Uint8Array): Pieces {
  return [new Fault("CONNECTION_LOST", `the connection ended within ${what}`, input)];
}

export function tooLong(maxLength: number): Fault {
  return new Fault("LIMIT_EXCEEDED", `it is longer than the ${maxLength} bytes of max_length`);
}
