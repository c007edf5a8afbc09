/** Bytes whose memory belongs to somebody else by now. */
export function detached(length = 4): Uint8Array {
  const bytes = new Uint8Array(length);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}
