import { decodeLines, type MessageSink } from "../../src/wire/codec.js";
import { LineError, LineReader } from "../../src/wire/framing/lines.js";
import { classify, type Message } from "../../src/wire/messages.js";

const LIMITS = { maxDepth: 64, maxValues: 1_000_000 };

/** What a sink was told: a message, or the violation after which nothing is read. */
export type Heard = readonly [kind: string, ...rest: unknown[]];

/** Remembers what it is told, and closes at the first violation, as a peer does. */
export class RecordingSink implements MessageSink {
  readonly heard: Heard[] = [];
  open = true;

  request(id: unknown, method: string, params: unknown, meta?: object): void {
    this.heard.push(["request", id, method, params, meta]);
  }
  notification(method: string, params: unknown, meta?: object): void {
    this.heard.push(heardNotification(method, params, meta));
  }
  result(...message: unknown[]): void {
    this.heard.push(["result", ...message]);
  }
  failure(...message: unknown[]): void {
    this.heard.push(["failure", ...message]);
  }
  items(params: unknown, bytes: number): void {
    this.heard.push(["items", params, bytes]);
  }
  referring(message: Message, refs: unknown, bytes: number): void {
    this.heard.push(["referring", message, refs, bytes]);
  }
  violation(code: number, problem: string): void {
    this.heard.push(["violation", code, problem]);
    this.open = false;
  }
}

function heardNotification(method: string, params: unknown, meta: object | undefined): Heard {
  return meta === undefined ? ["notification", method, params] : ["notification", method, params, meta];
}

/** What is heard of lines that arrived together. */
export function hear(text: string, maxDepth = 64, maxValues = 1_000_000): readonly Heard[] {
  const sink = new RecordingSink();
  decodeLines(text, { maxDepth, maxValues }, sink);
  return sink.heard;
}

/** What is heard of chunks, read as a channel and a peer read them. */
export function hearChunks(chunks: readonly Uint8Array[], maxBytes = 1_024): readonly Heard[] {
  const reader = new LineReader(maxBytes);
  const sink = new RecordingSink();
  for (const chunk of chunks) {
    if (!sink.open) break;
    try {
      const text = reader.push(chunk);
      if (text !== undefined) decodeLines(text, LIMITS, sink);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      if (error.before !== undefined) decodeLines(error.before, LIMITS, sink);
      if (sink.open) sink.violation(-32600, error.message);
    }
  }
  return sink.heard;
}

/** The plain way to read one line: parse it whole, then look at it. */
export function hearPlainly(line: string): Heard {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return ["violation", -32700, "it is not JSON"];
  }
  const message = classify(value);
  if (typeof message === "string") return ["violation", -32600, message];
  switch (message.kind) {
    case "request":
      return ["request", message.id, message.method, message.params, message.meta];
    case "notification":
      return heardNotification(message.method, message.params, message.meta);
    case "result":
      return ["result", message.id, message.value];
    case "error":
      return ["failure", message.id, message.error];
  }
}
