/** A package that another that is joined in depends on: its name, its version, and the name of that other. */
export type Part = readonly [name: string, version: string, of: string];

/**
 * A package as it is installed, if it is not of the version that the build joined in, or what it depends on is not: an `overrides` of the
 * user's, or the repair of an audit, is what runs. Undefined as well where none is to be seen: in a program that was joined into one file,
 * where packages are not in `node_modules`, and where Node.js's permissions do not let this program look.
 * @throws {Error} If it cannot be loaded.
 */
export function installedInstead(name: string, joinedVersion: string, parts: readonly Part[] = []): object | undefined {
  // Before Node.js 20.16 there is no such function. Nothing is imported: a start would pay for what it does not use of that.
  const builtin = process.getBuiltinModule as typeof process.getBuiltinModule | undefined;
  const own = import.meta.dirname;
  if (builtin === undefined || own === undefined) return undefined;
  const other = hasOwn(name) ? "its own" : otherVersion(name, joinedVersion, parts, own, builtin("node:fs"));
  if (other === undefined) return undefined;
  try {
    return builtin("node:module").createRequire(import.meta.url)(name) as object;
  } catch (cause) {
    const sentence = `Cannot load ${name} ${other}, which is installed instead of ${joinedVersion}: ${(cause as Error).message}`;
    throw new Error(`${sentence}\n  Install a version that is nearer, by "overrides" in package.json.`, { cause });
  }
}

/** Bun has a `ws` of its own, which it gives to whoever asks for that name. */
function hasOwn(name: string): boolean {
  return name === "ws" && process.versions["bun"] !== undefined;
}

type FileSystem = typeof import("node:fs");

/** Looks packages up as Node.js does. import.meta.resolve() would cost a plugin's start 1.5 ms, and this costs it 0.3. */
function otherVersion(name: string, joinedVersion: string, parts: readonly Part[], own: string, fs: FileSystem): string | undefined {
  const found = find(name, own, fs);
  if (found === undefined) return undefined;
  if (found.version !== joinedVersion) return found.version;
  const directories = new Map([[name, found.directory]]);
  for (const [part, version, of] of parts) {
    // Without links: beside what a link leads to is what it depends on.
    const at = find(part, fs.realpathSync(directories.get(of) ?? own), fs);
    if (at === undefined) continue;
    directories.set(part, at.directory);
    if (at.version !== version) return `${joinedVersion} with ${part} ${at.version}`;
  }
  return undefined;
}

interface Found {
  readonly version: string;
  readonly directory: string;
}

function find(name: string, from: string, { existsSync, readFileSync }: FileSystem): Found | undefined {
  const directory = pathsUp(from)
    .map((path) => `${path}/node_modules/${name}`)
    .find((path) => existsSync(`${path}/package.json`));
  if (directory === undefined) return undefined;
  try {
    const { version } = JSON.parse(readFileSync(`${directory}/package.json`, "utf8")) as { readonly version: string };
    return { version, directory };
  } catch {
    return undefined;
  }
}

function pathsUp(directory: string): string[] {
  const parent = directory.replace(/[\\/][^\\/]*$/, "");
  return parent === directory ? [directory] : [directory, ...pathsUp(parent)];
}
