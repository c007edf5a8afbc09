/** Where a host or a plugin says what happens. Fits `console` and pino's mirrored order behind a two-line wrapper. */
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

/** Says nothing. The default. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A logger whose records say whose they are, in fields that nobody else's replace. */
export function withFields(logger: Logger, fieldsOf: () => object): Logger {
  if (logger === silentLogger) return logger;
  const say = (level: keyof Logger) => (message: string, fields?: object) => logger[level](message, { ...fields, ...fieldsOf() });
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}
