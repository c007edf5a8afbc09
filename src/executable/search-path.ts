import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";

/** Where a command is looked for. */
export interface Surroundings {
  /** Where relative paths start. */
  readonly cwd: string;
  /** The plugin's own PATH. */
  readonly path: string | undefined;
}

/** The absolute path of a program, or undefined. */
export async function findOnPath(name: string, path: string): Promise<string | undefined> {
  // A batch file is found to be refused by name: it is what npm puts there for a program in JavaScript.
  const endings = process.platform === "win32" ? [".exe", ".cmd", ".bat", ""] : [""];
  for (const dir of path.split(delimiter)) {
    // An empty or relative entry means whatever directory is current, in which another user may have put a program.
    if (!isAbsolute(dir)) continue;
    for (const ending of endings) {
      const file = join(dir, name + ending);
      if (await isRunnable(file)) return file;
    }
  }
  return undefined;
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
