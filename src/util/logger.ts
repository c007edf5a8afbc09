/** Where a host or a plugin says what happens. `console` fits, and pino, whose order is the other one. */
export interface Logger {
  /** What helps to find a fault; a plugin's own trace and debug records. */
  debug(message: string, fields?: object): void;
  /** A plugin's output, line by line. */
  info(message: string, fields?: object): void;
  /** What does no harm yet. */
  warn(message: string, fields?: object): void;
  /** What failed. */
  error(message: string, fields?: object): void;
}

/** How grave a record is. There is no way to log a trace but as debug. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** Logs at a level that another program chose. */
export function logAt(logger: Logger, level: LogLevel, message: string, fields: object): void {
  logger[level === "trace" ? "debug" : level](message, fields);
}

const nothing = (): void => {};

/** Says nothing. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

const fallbacks = new WeakSet<Logger>();

/** Makes a logger one that nobody has chosen. */
export function asFallback(logger: Logger): Logger {
  fallbacks.add(logger);
  return logger;
}

/** Says whether nobody has chosen a logger, or the one that it was made of. */
export function isFallback(logger: Logger): boolean {
  return fallbacks.has(logger);
}

/** A logger that was made of another. */
export function madeOf(original: Logger, made: Logger): Logger {
  return fallbacks.has(original) ? asFallback(made) : made;
}

/** A logger whose records say whose they are, in fields that nobody else's replace. */
export function withFields(logger: Logger, fieldsOf: () => object): Logger {
  if (logger === silentLogger) return logger;
  const say = (level: keyof Logger) => (message: string, fields?: object) => logger[level](message, { ...fields, ...fieldsOf() });
  return madeOf(logger, { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") });
}
