// String.startsWith() costs six times as much as comparing with a list of codes, and a line is compared in several places.

/** The codes of a text, to compare with. */
export function codesOf(text: string): Uint16Array {
  return Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
}

/** Says whether a text has these characters at an index; beyond its end it has none. */
export function hasCodes(text: string, at: number, codes: Uint16Array): boolean {
  for (let index = 0; index < codes.length; index++) if (text.charCodeAt(at + index) !== codes[index]) return false;
  return true;
}

interface Known {
  readonly name: string;
  readonly codes: Uint16Array;
}

const SLOTS = 256;

/** Names that come again and again: the string that was made for the first is given for the others. */
export class Names {
  readonly #known: (Known | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The part of a text from start to end: no quotes, no escapes. */
  at(text: string, start: number, end: number): string {
    const slot = (text.charCodeAt(start) * 31 + text.charCodeAt(end - 1) * 7 + end - start) % SLOTS;
    const known = this.#known[slot];
    if (known !== undefined && known.codes.length === end - start && hasCodes(text, start, known.codes)) return known.name;
    return this.#learn(slot, text.slice(start, end));
  }

  #learn(slot: number, slice: string): string {
    const codes = codesOf(slice);
    // Not the slice: that keeps all of the text alive.
    const name = String.fromCharCode(...codes);
    this.#known[slot] = { name, codes };
    return name;
  }
}
