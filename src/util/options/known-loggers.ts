import type { Logger } from "../logger.js";

/** What a record's message and fields become for a logger that takes them in another way. */
type Arrange = (record: readonly [message: string, fields?: object | undefined]) => readonly unknown[];

const asTheyAre: Arrange = (record) => record;

/** How a user's logger takes a record: pino has the fields first, and a console takes the message for a format. */
export function arrangementFor(logger: Logger): Arrange {
  if (hasFunctions(logger, "child", "bindings")) return forPino;
  if (hasFunctions(logger, "table", "group")) return forConsole;
  return asTheyAre;
}

function forPino([message, fields]: readonly [string, (object | undefined)?]): readonly unknown[] {
  if (fields === undefined) return [message];
  const { error, ...rest } = fields as { error?: unknown };
  // Of an error pino writes what it is where it is called that.
  return error instanceof Error && !("err" in rest) ? [{ ...rest, err: error }, message] : [fields, message];
}

function forConsole(record: readonly [string, (object | undefined)?]): readonly unknown[] {
  const [message, ...fields] = record;
  return fields.length === 0 || !message.includes("%") ? record : [message.replaceAll("%", "%%"), ...fields];
}

function hasFunctions(logger: Logger, ...names: readonly string[]): boolean {
  return names.every((name) => typeof (logger as unknown as Readonly<Record<string, unknown>>)[name] === "function");
}
