import { cutOff, Fault, NOTHING, type Pieces, type Postprocessor, type Preprocessor } from "./processor.js";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** A text up to its padding: several may follow each other. */
const PADDED = /[^=]+={0,2}/g;

/** Bytes that came as base64. A group of four characters may be cut by the end of a frame. */
export class DecodeBase64 implements Preprocessor {
  #held = "";

  push(data: Buffer): Pieces {
    const text = this.#held + data.toString("latin1");
    const whole = text.length - (text.length % 4);
    this.#held = text.slice(whole);
    if (whole === 0) return NOTHING;
    const parts = text.slice(0, whole).match(PADDED) ?? ["="];
    if (parts.every((part) => BASE64.test(part)) && parts.join("").length === whole) {
      return [Buffer.concat(parts.map((part) => Buffer.from(part, "base64")))];
    }
    this.#held = "";
    return [new Fault("PROTOCOL_VIOLATION", "it is not base64", data)];
  }

  end(): Pieces {
    return this.#held === "" ? NOTHING : cutOff("a group of base64", Buffer.from(this.#held, "latin1"));
  }
}

export const encodeBase64: Postprocessor = { push: (data) => Buffer.from(data as string).toString("base64") };
