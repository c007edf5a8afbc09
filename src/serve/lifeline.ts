/**
 * Calls `onEnd` once when stdin ends: its other end is the host's, and the system closes that however the host dies.
 * Returns the way to stop listening, after which stdin holds the process no more.
 */
export function watchLifeline(onEnd: () => void): () => void {
  const { stdin } = process;
  let told = false;
  const tell = (): void => {
    if (told) return;
    told = true;
    onEnd();
  };
  stdin.on("end", tell);
  stdin.on("close", tell);
  stdin.on("error", tell);
  // Somebody else in this process may have read it to its end.
  if (stdin.readableEnded || stdin.destroyed) tell();
  stdin.resume(); // What comes is of no interest, but an end is only seen by who reads.
  return () => {
    told = true;
    // First: in Deno a read that goes on holds the process for as long as the host lives, destroyed or not.
    stdin.pause();
    stdin.destroy();
  };
}
