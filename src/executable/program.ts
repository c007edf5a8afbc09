import { constants } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { isAbsolute, resolve, sep } from "node:path";
import { checkFormat } from "./file-format.js";
import { findOnPath, type Surroundings } from "./search-path.js";
import { reasonIn, StartFault } from "./start-fault.js";
import { checkWindowsFormat } from "./windows-format.js";

/**
 * Finds a program that the system runs by itself: its absolute path.
 *
 * Node.js itself would run a file without a `#!` line through a shell; here that is an error.
 * @throws {Error} With the end of a sentence: `there is no file …`.
 */
export async function findProgram(name: string, { cwd, path }: Surroundings): Promise<string> {
  const isPath = name.includes("/") || name.includes(sep) || isAbsolute(name);
  const file = isPath ? resolve(cwd, name) : await findByName(name, path);
  const { mode } = await checkFile(name, file);
  await access(file, constants.X_OK).catch(() => {
    const remedy = (mode & 0o111) === 0 ? `Run: chmod +x "${file}"` : "Its owner may; or its file system is mounted with noexec.";
    throw new StartFault("permission", `"${file}" is not executable${(mode & 0o111) === 0 ? "" : " by this user"}\n  ${remedy}`);
  });
  if (process.platform === "win32") await checkWindowsFormat(file);
  else await checkFormat(file, { cwd, path });
  return file;
}

/**
 * Looks whether there is a regular file.
 * @param name As it was given.
 * @throws {Error} With the end of a sentence.
 */
export async function checkFile(name: string, file: string): Promise<{ readonly mode: number }> {
  const found = await stat(file).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") throw new StartFault("missing", await missing(name, file));
    const why = error.code === "EACCES" ? "this user may not enter a directory on the way to it" : error.code;
    throw new StartFault(reasonIn(error, "missing"), `its file "${file}" cannot be looked at: ${why}`, { cause: error });
  });
  if (found.isDirectory()) throw new StartFault("format", `"${file}" is a directory\n  Name the plugin's file in it.`);
  if (!found.isFile()) throw new StartFault("format", `"${file}" is no regular file`);
  return found;
}

async function missing(name: string, file: string): Promise<string> {
  const isLink = await lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  if (isLink) return `"${file}" is a link to a file that does not exist`;
  return `there is no file "${file}"${inOneText(name) ?? (isAbsolute(name) ? "" : "\n  A relative path starts at the client's cwd.")}`;
}

// The commonest mistake of all: a command line, where a file is wanted.
function inOneText(name: string): string | undefined {
  if (!/\s/.test(name)) return undefined;
  return `\n  No shell splits a command: give its parts as a list, as in ${JSON.stringify(name.trim().split(/\s+/))}.`;
}

async function findByName(name: string, path: string | undefined): Promise<string> {
  if (path === undefined) {
    throw new StartFault(
      "options",
      `its environment has no PATH on which "${name}" could be found\n  Give its absolute path, or PATH in env or inheritEnv.`,
    );
  }
  const found = await findOnPath(name, path);
  if (found !== undefined) return found;
  const remedy = inOneText(name) ?? `\n  Write "./${name}" for a file in the client's cwd.`;
  throw new StartFault("missing", `there is no program "${name}" on its PATH${remedy}`);
}
