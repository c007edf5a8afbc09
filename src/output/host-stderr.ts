import { inspect } from "node:util";
import { asFallback, type Logger } from "../util/logger.js";
import { ignoreErrors } from "./ignore-errors.js";

const nothing = (): void => {};

/**
 * Where records go without a logger: what plugins print to stderr, and what is a warning or an error, to this program's own stderr, each
 * line behind the plugin's name.
 * @param name Of the plugin, where a record does not say whose it is.
 */
export function hostStderr(name: string): Logger {
  const always = (level: string) => (message: string, fields?: object) => write(name, `${level}: ${message}`, fields);
  const ifPrinted = (message: string, fields?: { readonly stream?: unknown }): void => {
    if (fields?.stream === "stderr") write(name, message, fields);
  };
  return asFallback({ debug: ifPrinted, info: ifPrinted, warn: always("warning"), error: always("error") });
}

function write(name: string, message: string, fields: object = {}): void {
  // The time is now, and the number of the process is of little use to a person.
  const { plugin = name, stream: _stream, pid: _pid, time: _time, error, ...more } = fields as Record<string, unknown>;
  const detail = Object.keys(more).length === 0 ? "" : ` ${inspect(more, { depth: 4, breakLength: Number.POSITIVE_INFINITY })}`;
  const text = `${message}${detail}${showError(error)}`.replaceAll("\n", `\n[${plugin}] `);
  const { stderr } = process;
  // A reader that is gone is no reason to end this program.
  const stop = ignoreErrors(stderr);
  stderr.write(`[${plugin}] ${text}\n`, (error) => (error ? nothing() : stop()));
}

/** An error as Node.js prints one, also where it came as an object from the other side. */
function showError(error: unknown): string {
  if (error === undefined) return "";
  const stack = (error as { stack?: unknown } | null)?.stack;
  return `\n${typeof stack === "string" && !(error instanceof Error) ? stack : inspect(error)}`;
}
