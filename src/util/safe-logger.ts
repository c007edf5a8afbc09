import { type Logger, madeOf } from "./logger.js";
import { inNeutral } from "./neutral.js";
import { arrangementFor } from "./options/known-loggers.js";
import { showValue } from "./show-value.js";
import { isThenable } from "./thenable.js";

/** Loggers whose failure was told. */
const told = new WeakSet<Logger>();

/**
 * A user's logger as the rooms below are given it: one that throws, or returns a promise that rejects, harms nothing but its own
 * records. A process warning says so, once for each logger.
 */
export function safeLogger(logger: Logger): Logger {
  const arrange = arrangementFor(logger);
  const safe = (level: keyof Logger): Logger["debug"] => {
    // As many arguments as there are: console prints an undefined, too. And the function that is there now, with its own `this`.
    return (...record) => {
      try {
        const logged: unknown = inNeutral(logger[level] as (...record: unknown[]) => unknown, logger, ...arrange(record));
        if (isThenable(logged)) Promise.resolve(logged).catch((error: unknown) => tell(logger, level, error));
      } catch (error) {
        tell(logger, level, error);
      }
    };
  };
  return madeOf(logger, { debug: safe("debug"), info: safe("info"), warn: safe("warn"), error: safe("error") });
}

function tell(logger: Logger, level: keyof Logger, error: unknown): void {
  if (told.has(logger)) return;
  told.add(logger);
  const { text, stack } = describe(error);
  process.emitWarning(`Cannot log: the logger's function "${level}" failed${text}`, {
    code: "MORTISE_LOGGER",
    detail: `${stack}  What it does not take is left out. This is said once.`,
  });
}

function describe(error: unknown): { readonly text: string; readonly stack: string } {
  try {
    if (!(error instanceof Error)) return { text: `: ${showValue(error)}`, stack: "" };
    return { text: `: ${error.message}`, stack: `${error.stack}\n` };
  } catch {
    return { text: "", stack: "" }; // Its own getters throw.
  }
}
