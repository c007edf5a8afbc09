// Small values read and written by hand, as mortise does: less here, as only texts are members.
const codesOf = (text) => Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
const HEAD = codesOf('{"jsonrpc":"2.0","id":');
const MIDDLE = codesOf(',"method":"greeter.greet","params":');
const KEY = codesOf('{"name":"');

function hasCodes(text, at, codes) {
  for (let index = 0; index < codes.length; index++) if (text.charCodeAt(at + index) !== codes[index]) return false;
  return true;
}

/** Calls `read` with where each line of a chunk begins and ends, with the id in it, and with where that ends. */
export function eachRequest(text, read) {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    let at = start + HEAD.length;
    let id = 0;
    for (let digit = text.charCodeAt(at) - 48; digit >= 0 && digit <= 9; digit = text.charCodeAt(++at) - 48) id = id * 10 + digit;
    read(start, end, id, at);
    start = end + 1;
  }
}

/** Calls `take` with what each line of a chunk holds: compared by character codes, the value in it read by hand. */
export function byCodes(text, take) {
  eachRequest(text, (start, end, id, at) => {
    if (!hasCodes(text, start, HEAD) || !hasCodes(text, at, MIDDLE)) throw new Error("Another shape");
    take(id, "greeter.greet", readSmall(text, at + MIDDLE.length, end - 1));
  });
}

function readSmall(text, start, end) {
  if (!hasCodes(text, start, KEY)) throw new Error("Another shape");
  const first = start + KEY.length;
  let last = first;
  for (let code = text.charCodeAt(last); code !== 34; code = text.charCodeAt(++last)) {
    if (!(code >= 32) || code === 92) throw new Error("Another shape");
  }
  if (last + 2 !== end) throw new Error("Another shape");
  return { name: text.slice(first, last) };
}

/** The JSON of an object with short texts in it. */
export function smallText(value) {
  let text = "";
  for (const key in value) {
    if (!Object.hasOwn(value, key) || !isPlain(key) || !isPlain(value[key])) return JSON.stringify(value);
    text += text === "" ? `{"${key}":"${value[key]}"` : `,"${key}":"${value[key]}"`;
  }
  return `${text}}`;
}

function isPlain(text) {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 32 || code === 34 || code === 92 || code > 126) return false;
  }
  return text.length <= 32;
}
