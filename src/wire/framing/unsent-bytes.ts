const NOTHING = new Uint8Array(0);

/** The pieces of a frame, handed to the system part by part. They are not copied: a caller that changes its bytes meanwhile sends the changed ones. */
export class UnsentBytes {
  /** In bytes, as it was when they were sent. */
  length = 0;
  readonly #pieces: Uint8Array[];
  readonly #lengths: readonly number[];
  #next = 0;
  /** How much of the next piece was taken. */
  #begun = 0;
  #copied = false;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = [...pieces];
    this.#lengths = pieces.map(({ length }) => length);
    for (const length of this.#lengths) this.length += length;
  }

  /** True if there is one piece left, and no more than so many bytes of it. */
  isWithin(most: number): boolean {
    return this.#next === this.#pieces.length - 1 && this.length <= most;
  }

  /** Takes the next bytes, so many at the most. */
  take(most: number): { readonly pieces: readonly Buffer[]; readonly length: number } {
    const pieces: Buffer[] = [];
    let length = 0;
    while (this.length > 0 && length < most) {
      const pieceLength = Math.min(this.#left, most - length);
      pieces.push(this.#view(pieceLength));
      length += pieceLength;
      this.length -= pieceLength;
      this.#begun += pieceLength;
      if (this.#left > 0) continue;
      this.#pieces[this.#next++] = NOTHING;
      this.#begun = 0;
    }
    return { pieces, length };
  }

  /** Copies what is left: what the caller changes from now on does not show. */
  copy(): void {
    if (this.#copied) return;
    this.#copied = true;
    for (let index = this.#next; index < this.#pieces.length; index++) {
      const copy = new Uint8Array(this.#lengths[index] as number);
      const piece = this.#pieces[index] as Uint8Array;
      // Nothing is left to copy where the caller has transferred the memory.
      if (piece.length > 0) copy.set(piece.subarray(0, copy.length));
      this.#pieces[index] = copy;
    }
  }

  get #left(): number {
    return (this.#lengths[this.#next] as number) - this.#begun;
  }

  #view(length: number): Buffer {
    const piece = this.#pieces[this.#next] as Uint8Array;
    // The caller has transferred the memory, or shrunk it. The frame's length was sent already, so as many zeros take the place of the bytes.
    if (piece.length < this.#begun + length) return Buffer.alloc(length);
    return Buffer.from(piece.buffer, piece.byteOffset + this.#begun, length);
  }
}
