import { reasonIn, StartFault } from "./start-fault.js";

/**
 * The directory that this program runs in.
 * @throws {Error} It was removed, or is hidden from this user: with the end of a sentence.
 */
export function currentDir(): string {
  try {
    return process.cwd();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const what = code === "ENOENT" ? "does not exist any more" : `cannot be found out (${code})`;
    throw new StartFault(
      reasonIn(cause, "missing"),
      `the directory that this program runs in ${what}\n  Give the plugin a cwd, or move this program to another with process.chdir().`,
      { cause },
    );
  }
}
