import type { Readable, Writable } from "node:stream";
import type { Exit } from "./runtime.js";

/** Passes a stream of the caller's to a plugin's stdin, until either ends. */
export function feedStdin(source: Readable, target: Writable, exited: Promise<Exit>): void {
  const onError = (): void => void target.destroy();
  // What is destroyed never ends, and a pipe would leave its other side open for ever. After an end this is one too many, and harmless.
  const onClose = (): void => void target.end();
  source.on("error", onError);
  source.on("close", onClose);
  source.pipe(target);
  // It closed before anybody listened.
  if (source.destroyed) onClose();
  // The source is the caller's, and may serve for a long time yet.
  void exited.then(() => {
    source.unpipe(target);
    source.off("error", onError);
    source.off("close", onClose);
  });
}
