/** A text of at most so many bytes of UTF-8, cut between two characters: the whole of it where it fits. */
export function cutToBytes(text: string, most: number): string {
  if (text.length * 3 <= most || Buffer.byteLength(text) <= most) return text;
  // A character takes a byte at least.
  const bytes = Buffer.from(text.slice(0, most));
  let end = most;
  // These go on with a character that began before the cut.
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
