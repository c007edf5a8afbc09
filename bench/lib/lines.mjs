import { once } from "node:events";

// More gains nothing.
const JOINED_LENGTH = 65_536;

/** Calls `onLine` with each newline-ended line of a socket's text; a long line is joined once. */
export function readLines(socket, onLine) {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", start)) {
      onLine(rest + chunk.slice(start, end));
      rest = "";
      start = end + 1;
    }
    rest += chunk.slice(start);
  });
}

/**
 * A writer of lines. `separate`: each by itself to a socket as Node.js makes it, whose system may still join what it holds back
 * (Nagle's algorithm); `nodelay`: each by itself and at once; `joined`: all of one tick in one write.
 */
export function lineWriter(socket, mode) {
  socket.setNoDelay(mode !== "separate");
  if (mode !== "joined") return (line) => socket.write(`${line}\n`);
  let queued = "";
  const flush = () => {
    const text = queued;
    queued = "";
    socket.write(text);
  };
  return (line) => {
    if (queued === "") process.nextTick(flush);
    queued += `${line}\n`;
  };
}

/** Writes so many lines, in the modes of lineWriter(), as fast as the socket takes them and no faster. */
export async function pour(socket, mode, count, lineOf) {
  const length = mode === "joined" ? JOINED_LENGTH : 1;
  for (let index = 0; index < count; ) {
    let text = "";
    while (index < count && text.length < length) text += `${lineOf(index++)}\n`;
    if (!socket.write(text)) await once(socket, "drain");
  }
}

/** Writes each item as a line, those of one tick together, as fast as the socket takes them. */
export async function pourItems(socket, items) {
  let text = "";
  let taken = true;
  let scheduled = false;
  const flush = () => {
    scheduled = false;
    if (text === "") return;
    taken = socket.write(text);
    text = "";
  };
  for await (const item of items) {
    text += `${JSON.stringify(item)}\n`;
    if (!scheduled) {
      scheduled = true;
      process.nextTick(flush);
    }
    if (text.length >= JOINED_LENGTH) flush();
    if (!taken) {
      await once(socket, "drain");
      taken = true;
    }
  }
  flush();
}
