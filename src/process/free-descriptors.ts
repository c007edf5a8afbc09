import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

// Two for each of three streams and a lifeline, two for the system's own word about the start, and some for what else goes on meanwhile.
const DESCRIPTORS = 14;

/**
 * Looks whether there are descriptors for a spawn. Where a spawn runs out of them half-way, Node.js keeps the ends of pipes for ever that
 * it has made by then. So there is no trying: what a spawn takes is opened and closed first, in the same turn.
 * @throws {Error} The system's own error, with its code.
 */
export function checkDescriptors(): void {
  const opened: number[] = [];
  try {
    while (opened.length < DESCRIPTORS) opened.push(openSync(devNull, "r"));
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
