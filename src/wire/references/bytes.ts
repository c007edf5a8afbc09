// The getters of all typed arrays, which know their own whatever realm made them: in a vm context, or under jsdom, `instanceof` does not.
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOf = getter(Symbol.toStringTag);
const lengthOf = getter("length");
const offsetOf = getter("byteOffset");
const bufferOf = getter("buffer");
// Throws where there is no memory behind them.
const { at } = Uint8Array.prototype;

function getter(name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(typedArray, name)?.get as (this: unknown) => unknown;
}

/** Says whether a value is a Uint8Array, a Buffer among them, of this realm or another. */
export function isBytes(value: unknown): value is Uint8Array {
  return tagOf.call(value) === "Uint8Array";
}

/** The name of a typed array's kind, as in `Float64Array`; undefined for what is none. */
export function typedArrayKind(value: unknown): string | undefined {
  return tagOf.call(value) as string | undefined;
}

/**
 * The same bytes in a view of this realm, of the length that they have now, without a copy. Undefined where there is no memory behind
 * them any more: it was transferred, or shrunk.
 */
export function fixedView(bytes: Uint8Array): Uint8Array | undefined {
  try {
    at.call(bytes, 0);
    return new Uint8Array(bufferOf.call(bytes) as ArrayBufferLike, offsetOf.call(bytes) as number, lengthOf.call(bytes) as number);
  } catch {
    return undefined;
  }
}
