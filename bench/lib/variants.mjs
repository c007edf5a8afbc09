// The techniques written out, each beside what it replaces; every variant does one message per step and returns something that
// depends on it, so that nothing is optimised away.
import { byCodes, eachRequest, smallText } from "./small-values.mjs";

const METHOD = "greeter.greet";
const LINES = 64;

const request = (id) => `{"jsonrpc":"2.0","id":${id},"method":"${METHOD}","params":{"name":"world"}}`;
const chunk = (first) => Array.from({ length: LINES }, (_, index) => request(first + index)).join("\n");
const chunks = Array.from({ length: 16 }, (_, index) => chunk(100_000 + index * LINES));

const HEAD = '{"jsonrpc":"2.0","id":';
const MIDDLE = `,"method":"`;
const PARAMS = `","params":`;

function byHand(text, take) {
  eachRequest(text, (start, end, id, at) => {
    if (!text.startsWith(HEAD, start) || !text.startsWith(MIDDLE, at)) throw new Error("Another shape");
    const name = at + MIDDLE.length;
    const quote = text.indexOf('"', name);
    if (!text.startsWith(PARAMS, quote)) throw new Error("Another shape");
    take(id, text.slice(name, quote), JSON.parse(text.slice(quote + PARAMS.length, end - 1)));
  });
}

function lineByLine(text, take) {
  for (const line of text.split("\n")) {
    const { id, method, params } = JSON.parse(line);
    take(id, method, params);
  }
}

/** Without the scan that shows each line to be one object by itself, which it needs before it is safe. */
function jointly(text, take) {
  for (const { id, method, params } of JSON.parse(`[${text.replaceAll("\n", ",")}]`)) take(id, method, params);
}

/** The same with that scan. */
function jointlyScanned(text, take) {
  for (let start = 0; start < text.length; ) {
    const end = endOfObject(text, start);
    if (end < text.length && text.charCodeAt(end) !== 10) throw new Error("Not one object");
    start = end + 1;
  }
  jointly(text, take);
}

function endOfObject(text, start) {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 34) {
      for (index++; text.charCodeAt(index) !== 34; index++) if (text.charCodeAt(index) === 92) index++;
    } else if ((code | 32) === 123) depth++;
    else if ((code | 32) === 125 && --depth === 0) return index + 1;
  }
  throw new Error("Not closed");
}

function decoding(decode) {
  let next = 0;
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += LINES) {
      decode(chunks[next++ & 15], (id, method, params) => {
        sum += id + method.length + params.name.length;
      });
    }
    return sum;
  };
}

const input = { name: "world" };
function encoding(encode) {
  let id = 100_000;
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done++) sum += encode(id++).charCodeAt(30);
    return sum;
  };
}

function mapped() {
  const calls = new Map();
  let id = 0;
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += LINES) {
      const first = id;
      for (let index = 0; index < LINES; index++) calls.set(id, { id: id++, method: METHOD });
      for (let index = first; index < id; index++) {
        sum += calls.get(index).method.length;
        calls.delete(index);
      }
    }
    return sum;
  };
}

function ring() {
  const slots = new Array(256).fill(undefined);
  let id = 0;
  return (count) => {
    let sum = 0;
    for (let done = 0; done < count; done += LINES) {
      const first = id;
      for (let index = 0; index < LINES; index++) {
        while (slots[id & 255] !== undefined) id++;
        slots[id & 255] = { id: id++, method: METHOD };
      }
      for (let index = first; index < id; index++) {
        const call = slots[index & 255];
        if (call.id !== index) throw new Error("Another call");
        slots[index & 255] = undefined;
        sum += call.method.length;
      }
    }
    return sum;
  };
}

const settled = () => new Promise((resolve) => resolve(1));
const wrapped = async () => await settled();
function awaiting(call) {
  return async (count) => {
    let sum = 0;
    for (let done = 0; done < count; done++) sum += await call();
    return sum;
  };
}

/** Of each group the first is what the others are compared with. */
export const GROUPS = {
  "Reading the requests of a chunk of 64": {
    "JSON.parse of each line": decoding(lineByLine),
    "envelope by hand, JSON.parse of its value": decoding(byHand),
    "the same by character codes, a small value by hand": decoding(byCodes),
    "all lines in one JSON.parse, unchecked": decoding(jointly),
    "the same after a scan of each line": decoding(jointlyScanned),
  },
  "Writing a request": {
    "JSON.stringify of an object": encoding((id) => JSON.stringify({ jsonrpc: "2.0", id, method: METHOD, params: input })),
    "text around JSON.stringify of the input": encoding(
      (id) => `{"jsonrpc":"2.0","id":${id},"method":"${METHOD}","params":${JSON.stringify(input)}}`,
    ),
    "text around a small input written by hand": encoding(
      (id) => `{"jsonrpc":"2.0","id":${id},"method":"${METHOD}","params":${smallText(input)}}`,
    ),
  },
  "64 calls that wait": { "a Map": mapped(), "a ring": ring() },
  "The promise of a call": { "one more async function around it": awaiting(wrapped), "the promise itself": awaiting(settled) },
};
