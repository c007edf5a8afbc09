import { PluginError } from "../../errors.js";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is used up",
  EROFS: "the disk is read-only",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EMFILE: "this program has as many files open as it may",
  ENFILE: "the system has as many files open as it may",
  ENOTDIR: "there is a file in the place of a directory",
};

/** The error for what could not be kept. An error of ours is passed on as it is. @param path Where it was to be written. */
export function storeFailed(attempt: string, path: string, cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (cause instanceof PluginError || code === undefined || !/^E[A-Z]+$/.test(code)) return cause;
  const why = REASONS[code] ?? message;
  return new PluginError("STORE_FAILED", `${attempt}: "${path}" could not be written: ${why}\n  Nothing was changed.`, { cause });
}

/** Does some work in the store; what the system refuses is told by a sentence. */
export async function inStore<T>(attempt: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeFailed(attempt, path, error);
  }
}
