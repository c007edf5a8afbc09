const SLOTS = 256;

/** Names that come again and again: the string that was made for the first is given for the others. */
export class Names {
  readonly #known: (string | undefined)[] = new Array(SLOTS).fill(undefined);

  /** The part of a text from start to end. */
  at(text: string, start: number, end: number): string {
    const name = text.slice(start, end);
    const slot = (text.charCodeAt(start) * 31 + text.charCodeAt(end - 1) * 7 + end - start) % SLOTS;
    const known = this.#known[slot];
    return known === name ? known : this.#learn(slot, name);
  }

  #learn(slot: number, slice: string): string {
    // Not the slice: that keeps all of the text alive.
    const name = String.fromCharCode(...Array.from({ length: slice.length }, (_, index) => slice.charCodeAt(index)));
    this.#known[slot] = name;
    return name;
  }
}
