import { fstatSync } from "node:fs";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";

/** What Bun has for a descriptor. */
interface BunFiles {
  file(fd: number): { stream(): ReadableStream };
}

/**
 * Calls `onEnd` once when the lifeline ends: its other end is the host's, and the system closes that however the host dies.
 * Returns the way to stop listening, after which it holds the process no more; undefined where there is no such lifeline.
 * @param lifeline The number of a descriptor, or stdin.
 */
export function watchLifeline(lifeline: number | "stdin", onEnd: () => void): (() => void) | undefined {
  const stream = lifeline === "stdin" ? process.stdin : openDescriptor(lifeline);
  if (stream === undefined) return undefined;
  let told = false;
  const tell = (): void => {
    if (told) return;
    told = true;
    onEnd();
  };
  stream.on("end", tell);
  stream.on("close", tell);
  stream.on("error", tell);
  // Somebody else in this process may have read stdin to its end.
  if (stream.readableEnded || stream.destroyed) tell();
  stream.resume(); // What comes is of no interest, but an end is only seen by who reads.
  return () => {
    told = true;
    // First: in Deno a read that goes on holds the process for as long as the host lives, destroyed or not.
    stream.pause();
    stream.destroy();
  };
}

/** Undefined where it is not what the host handed over: a program between may have closed it, and then its number is somebody else's. */
function openDescriptor(fd: number): Readable | undefined {
  const { bun, deno } = process.versions;
  try {
    // Bun makes no socket of a descriptor, and a read of node:fs would hold its process for as long as the host lives. Deno tells nothing
    // of a descriptor that it did not open.
    if (bun !== undefined) return isPipe(fd) ? bunStream(fd) : undefined;
    // Who was started with a channel for messages by such a program may have that one there.
    if (deno === undefined && (process.channel || !isPipe(fd))) return undefined;
    return new Socket({ fd, readable: true, writable: false });
  } catch {
    return undefined;
  }
}

function bunStream(fd: number): Readable {
  const { Bun } = globalThis as unknown as { readonly Bun: BunFiles };
  return Readable.fromWeb(Bun.file(fd).stream());
}

function isPipe(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isSocket() || stat.isFIFO();
}
