/** Where a host or a plugin says what happens. Fits `console` and pino's mirrored order behind a two-line wrapper. */
export interface Logger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** How grave a record is. There is no way to log a trace but as debug. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** Logs what another program said. A log that fails must not keep that program from being heard, whichever way it fails. */
export function logSafely(logger: Logger, level: LogLevel, message: string, fields: object): void {
  try {
    const logged: unknown = logger[level === "trace" ? "debug" : level](message, fields);
    if (logged instanceof Promise) logged.catch(() => {});
  } catch {
    // There is nobody to tell.
  }
}

const nothing = (): void => {};

/** Says nothing. The default. */
export const silentLogger: Logger = Object.freeze({ debug: nothing, info: nothing, warn: nothing, error: nothing });
