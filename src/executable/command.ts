/** Executable and arguments, run without a shell. */
export type Command = string | readonly [file: string, ...args: string[]];

/** Its file and its arguments. */
export function partsOf(command: Command): readonly [file: string, ...args: string[]] {
  return typeof command === "string" ? [command] : command;
}
