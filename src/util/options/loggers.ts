import { type Logger, silentLogger } from "../logger.js";
import { safeLogger } from "../safe-logger.js";
import { withFunctions } from "./functions.js";
import type { OptionsSource } from "./source.js";

/** An option that is a logger, as the rooms below are given it: its failures harm nothing. `false` is silent. @throws {TypeError} */
export function logger(from: OptionsSource, name: string, fallback: Logger): Logger {
  if (from.values[name] === false) return silentLogger;
  const given = withFunctions<Logger>(from, name, ["debug", "info", "warn", "error"]);
  return given ? safeLogger(given) : fallback;
}
