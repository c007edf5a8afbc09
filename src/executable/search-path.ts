import { constants, realpathSync } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, delimiter, isAbsolute, join } from "node:path";

/** Where a command is looked for. */
export interface Surroundings {
  /** Where relative paths start. */
  readonly cwd: string;
  /** The plugin's own PATH. */
  readonly path: string | undefined;
}

/**
 * The absolute path of a program, or undefined.
 * @param fits Which of those of that name will do. @default the first
 */
export async function findOnPath(
  name: string,
  path: string,
  fits: (file: string) => Promise<boolean> = async () => true,
): Promise<string | undefined> {
  // A batch file is found to be refused by name: it is what npm puts there for a program in JavaScript.
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat", ""] : [""];
  for (const dir of path.split(delimiter)) {
    // An empty or relative entry means whatever directory is current, in which another user may have put a program.
    if (!isAbsolute(dir)) continue;
    for (const ending of endings) {
      const file = join(dir, name + ending);
      if ((await isRunnable(file)) && (await fits(file))) return file;
    }
  }
  return undefined;
}

/** A program as somebody can type it: its name alone, where that is what a shell finds by it. */
export function typedName(file: string, path = ""): string {
  const name = basename(file).replace(/\.exe$/i, "");
  for (const dir of path.split(delimiter)) {
    try {
      return realpathSync(join(dir, basename(file))) === realpathSync(file) ? name : file;
    } catch {
      // It is not there.
    }
  }
  return file;
}

/** Says whether this user may run a file. */
export async function isRunnable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
