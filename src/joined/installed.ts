/**
 * A package as it is installed, if it is not of the version that the build joined in: an `overrides` of the user's, or the repair of an
 * audit, is what runs. Undefined as well where none is to be seen: in a program that was joined into one file, where packages are not in
 * `node_modules`, and where Node.js's permissions do not let this program look.
 * @throws {Error} If it cannot be loaded.
 */
export function installedInstead(name: string, joinedVersion: string): object | undefined {
  const version = installedVersion(name);
  if (version === undefined || version === joinedVersion) return undefined;
  try {
    return process.getBuiltinModule("node:module").createRequire(import.meta.url)(name) as object;
  } catch (cause) {
    const sentence = `Cannot load ${name} ${version}, which is installed instead of ${joinedVersion}: ${(cause as Error).message}`;
    throw new Error(`${sentence}\n  Install a version that is nearer, by "overrides" in package.json.`, { cause });
  }
}

/** Looks a package up as Node.js does. import.meta.resolve() would cost a plugin's start 1.5 ms, and this costs it 0.3. */
function installedVersion(name: string): string | undefined {
  // Nothing is imported: a start would pay for what it does not use of that. Before Node.js 20.16 there is no such function.
  const builtin = process.getBuiltinModule as typeof process.getBuiltinModule | undefined;
  const own = import.meta.dirname;
  if (builtin === undefined || own === undefined) return undefined;
  const { existsSync, readFileSync } = builtin("node:fs");
  const file = pathsUp(own)
    .map((directory) => `${directory}/node_modules/${name}/package.json`)
    .find((path) => existsSync(path));
  if (file === undefined) return undefined;
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

function pathsUp(directory: string): string[] {
  const parent = directory.replace(/[\\/][^\\/]*$/, "");
  return parent === directory ? [directory] : [directory, ...pathsUp(parent)];
}
