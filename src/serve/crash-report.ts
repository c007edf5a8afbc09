import { formatCrashReport } from "../handshake/crash-report.js";
import { toWireError } from "../peer/errors/remote-error.js";
import { now, setImmediate } from "../util/timers.js";
import { writeStderr } from "./stderr-logger.js";

// A program that listens to its own uncaught exceptions most often says what happened, and then exits.
const LISTENER_MS = 1_000;

/**
 * From now on, an uncaught exception or rejection that ends this process is told to the host that started it, before the process
 * is gone. Changes nothing about what becomes of it.
 */
export function tellCrashReport(secret: string): void {
  let told = false;
  let caught: { readonly error: unknown; readonly atMs: number } | undefined;
  const tell = (error: unknown): void => {
    if (told) return;
    told = true;
    writeStderr(formatCrashReport(wordsOf(error), secret));
  };
  process.on("uncaughtExceptionMonitor", (error) => {
    // With a listener it is not known yet whether the process ends.
    if (process.listenerCount("uncaughtException") > 0 || process.hasUncaughtExceptionCaptureCallback()) {
      caught = { error, atMs: now() };
      return;
    }
    tell(error);
    // Node.js is gone by then. Bun lives on for as long as a module waits, as one does for serve().
    setImmediate(() => process.exit(1));
  });
  if (process.versions["bun"] !== undefined) throwRejections();
  process.on("exit", (code) => {
    if (code !== 0 && caught !== undefined && now() - caught.atMs < LISTENER_MS) tell(caught.error);
  });
}

/** Makes an unhandled rejection what it is elsewhere, an uncaught exception: Bun only prints it while a module waits. */
function throwRejections(): void {
  process.on("unhandledRejection", (reason) => {
    if (process.listenerCount("unhandledRejection") > 1) return;
    setImmediate(() => {
      throw reason;
    });
  });
}

function wordsOf(thrown: unknown): { name: string; message: string; code?: string | undefined } {
  const { message, data } = toWireError(thrown);
  const { name, code } = data as { name: string; code?: string };
  return { name, message, code };
}
