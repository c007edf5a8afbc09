import type { Writable } from "node:stream";

const users = new WeakMap<Writable, number>();
const ignore = (): void => {};

/**
 * Keeps a writer of the caller's from ending the host by an error that nobody listens for. Returns the way to stop that.
 *
 * One listener serves all who write there: a host may hand one writer to many plugins. The caller's own does not stand in for
 * it: they may take theirs away.
 */
export function ignoreErrors(writer: Writable): () => void {
  // Something that only looks like a stream has no errors.
  if (typeof writer.listenerCount !== "function") return ignore;
  const count = users.get(writer) ?? 0;
  if (count === 0) writer.on("error", ignore);
  users.set(writer, count + 1);
  let stopped = false;
  return () => {
    if (stopped) return;
    stopped = true;
    const others = (users.get(writer) ?? 1) - 1;
    users.set(writer, others);
    if (others === 0) writer.off("error", ignore);
  };
}
