import type { LogEntry } from "../../install/logs/log-entry.js";
import { MASK } from "../../install/manifest/secrets.js";
import type { Logger, LogLevel } from "../../util/logger.js";

// As long as a line of a plugin's output may be.
const MAX_CHARACTERS = 16_384;

/** A logger whose records go into a plugin's log as well. Its secrets are masked in both. */
export function pluginLogger(id: string, logger: Logger, secrets: () => readonly string[], keep: (entry: LogEntry) => void): Logger {
  const log =
    (level: LogLevel & keyof Logger): Logger["debug"] =>
    (message, fields) => {
      const texts = secrets();
      const said = maskIn(message.slice(0, MAX_CHARACTERS), texts);
      if (fields === undefined) logger[level](said);
      else logger[level](said, maskDeep(fields, texts) as object);
      const kept = fields === undefined ? {} : { fields: maskDeep(storable(fields), texts) as Readonly<Record<string, unknown>> };
      keep({ time: new Date().toISOString(), plugin: id, level, message: said, ...kept });
    };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

function maskIn(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text);
}

function maskDeep(value: unknown, secrets: readonly string[], depth = 0): unknown {
  if (secrets.length === 0 || depth > 8) return value;
  if (typeof value === "string") return maskIn(value, secrets);
  if (Array.isArray(value)) return value.map((entry) => maskDeep(entry, secrets, depth + 1));
  if (typeof value !== "object" || value === null || value instanceof Error) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, maskDeep(entry, secrets, depth + 1)]));
}

/** Fields as JSON carries them: of an error its sentence and code, and of what cannot be carried, that it cannot. */
function storable(fields: object): Readonly<Record<string, unknown>> {
  try {
    const text = JSON.stringify(fields, (_name, value: unknown) => {
      if (value instanceof Error) return { name: value.name, message: value.message, code: (value as { readonly code?: unknown }).code };
      return typeof value === "bigint" ? String(value) : value;
    });
    return text.length > MAX_CHARACTERS
      ? { leftOut: `${text.length} characters` }
      : (JSON.parse(text) as Readonly<Record<string, unknown>>);
  } catch {
    return { leftOut: "what JSON cannot carry" };
  }
}
