import { type OptionsSource, placed, wrong } from "./source.js";

/**
 * An option that is a list; each entry is read by a function of its own, under its place as its name: `apiVersions[1]`.
 * @param wanted What the option must be, for the sentence.
 * @throws {TypeError} It is no list, or an entry is undefined; and what the function throws.
 */
export function list<T>(from: OptionsSource, name: string, wanted: string, readEntry: (from: OptionsSource, place: string) => T): T[] {
  const value = from.values[name];
  if (!Array.isArray(value)) throw wrong(from, name, value, wanted);
  // Array.from() gives the holes of a list as undefined, which an option may be and an entry may not.
  return Array.from(value as unknown[], (entry, index) => {
    const place = `${name}[${index}]`;
    return readEntry(placed(from, place, entry), place);
  });
}
