import { MessageChannel, type MessagePort } from "node:worker_threads";

// Small ones cost little, and may share their memory with others.
const MIN_BYTES = 8 * 1024;
let nowhere: MessagePort | undefined;

/**
 * Gives the memory of a chunk back that nobody looks at any more; its length is 0 afterwards.
 *
 * Each read of a pipe takes 64 KiB, and the garbage collector, which sees no pressure in them, lets some 40 MB gather first.
 * What is transferred to a closed port goes nowhere, and its memory is free at once.
 */
export function freeChunk({ buffer, length }: Uint8Array): void {
  if (length < MIN_BYTES || buffer.byteLength !== length || !(buffer instanceof ArrayBuffer)) return;
  nowhere ??= closedPort();
  nowhere.postMessage(undefined, [buffer]);
}

function closedPort(): MessagePort {
  const { port1 } = new MessageChannel();
  port1.close();
  return port1;
}
