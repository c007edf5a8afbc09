import type { Clock } from "../util/clock.js";

// As much as one read of a pipe gives. Of a pipe that always has more, libuv reads 32 times before it looks at anything else.
const TURN_BYTES = 64 * 1024;

/**
 * Reads a plugin's pipe to its end. A flood takes turns with everybody else: after each 64 KiB, others are heard first.
 *
 * Bytes are counted, not time: what one chunk costs is bounded by whoever takes it. Nothing gathers meanwhile but what the pipe and
 * its stream hold, and the plugin waits no longer than that turn. A stream that breaks ends like any other: what it means for the
 * plugin is told by its exit.
 */
export async function readOutput(stream: AsyncIterable<Uint8Array>, clock: Clock, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      bytes += chunk.length;
      onChunk(chunk);
      if (bytes < TURN_BYTES) continue;
      bytes = 0;
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
  } catch {
    // A runtime other than ours may let a stream throw.
  }
}
