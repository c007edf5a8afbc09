import type { Readable, Writable } from "node:stream";
import type { Exit } from "./runtime.js";

/** The most that is added for one event: one by pipe(), and one of our own. */
const LISTENERS = 2;

/** Passes a stream of the caller's to a plugin's stdin, until either ends. */
export function feedStdin(source: Readable, target: Writable, exited: Promise<Exit>): void {
  allowMore(source, LISTENERS);
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
    allowMore(source, -LISTENERS);
  });
}

// Many plugins may be fed by one stream, and each lets go of it: Node.js would warn of a leak at the eleventh.
function allowMore(source: Readable, listeners: number): void {
  const most = source.getMaxListeners();
  if (most > 0 && most < Number.POSITIVE_INFINITY) source.setMaxListeners(most + listeners);
}
