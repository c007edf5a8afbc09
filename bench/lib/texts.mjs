/** What every contestant is asked, and what the right answer is. */
export const INPUT = { name: "world" };
export const ANSWER = "Hello, world!";
export const greet = ({ name }) => `Hello, ${name}!`;

/** Notifications that go each way between two calls, so that no queue grows without end. */
export const NOTES = 256;
/** Items of one stream. */
export const ITEMS = 10_000;

const LINE = "The mortise is the socket that a tenon plugs into; together they make a joint.\n";

/** Plain prose of so many characters, with the line ends that prose has. */
export function prose(length) {
  // Through a Buffer: a repeated string is a tree of parts, and whoever reads it first would pay for joining them.
  return Buffer.from(LINE.repeat(Math.ceil(length / LINE.length)).slice(0, length)).toString("latin1");
}

/** So many bytes, not all the same. */
export function patterned(length) {
  return new Uint8Array(length).map((_, index) => (index * 31) ^ (index >> 8));
}
