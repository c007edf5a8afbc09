/** A package that the build joined in: its name, its version, and where in the same list the one is that needs it, or -1 for this package. */
export type Joined = readonly [name: string, version: string, neededBy: number];

/**
 * What is installed of packages that the build joined in: `same`, each in the version that was joined in; `other`; or `unseen`, in a program
 * that was joined into one file, and where packages are not in `node_modules`.
 */
export function installedOf(packages: readonly Joined[]): "same" | "other" | "unseen" {
  const builtin = builtins();
  const own = import.meta.dirname;
  if (builtin === undefined || own === undefined) return "unseen";
  try {
    return compare(packages, own, builtin("node:fs"));
  } catch {
    // Node.js's permissions may not let this program look.
    return "unseen";
  }
}

function compare(packages: readonly Joined[], own: string, fs: typeof import("node:fs")): "same" | "other" | "unseen" {
  const lookUp = lookingUp(fs);
  const found: string[] = [];
  for (const [name, version, neededBy] of packages) {
    const needing = found[neededBy];
    // Some package managers put links there, and what a package needs beside what its link leads to.
    const place = lookUp(name, needing === undefined ? own : fs.realpathSync.native(needing));
    if (place === undefined) return neededBy < 0 ? "unseen" : "other";
    if (place.version !== version) return "other";
    found.push(place.directory);
  }
  return "same";
}

interface Place {
  readonly directory: string;
  readonly version: string;
}

/** Looks packages up as Node.js does. import.meta.resolve() would cost a plugin's start 1.5 ms, and this costs it 0.3. */
function lookingUp({ existsSync, readFileSync }: typeof import("node:fs")): (name: string, from: string) => Place | undefined {
  const holders = new Map<string, boolean>();
  const holdsPackages = (path: string): boolean => {
    const known = holders.get(path) ?? existsSync(path);
    holders.set(path, known);
    return known;
  };
  const placeIn = (directory: string, name: string): Place | undefined => {
    const path = `${directory}/node_modules/${name}`;
    if (!holdsPackages(`${directory}/node_modules`) || !existsSync(`${path}/package.json`)) return undefined;
    const { version } = JSON.parse(readFileSync(`${path}/package.json`, "utf8")) as { readonly version: string };
    return { directory: path, version };
  };
  return (name, from) => pathsUp(from).reduce<Place | undefined>((found, directory) => found ?? placeIn(directory, name), undefined);
}

function pathsUp(directory: string): string[] {
  const parent = directory.replace(/[\\/][^\\/]*$/, "");
  return parent === directory ? [directory] : [directory, ...pathsUp(parent)];
}

/**
 * A package as it is installed, if that is not what the build joined in: an `overrides` of the user's, or the repair of an audit, is what
 * runs.
 * @throws {Error} If it cannot be loaded.
 */
export function installedInstead(packages: readonly [Joined, ...Joined[]]): object | undefined {
  const builtin = builtins();
  if (builtin === undefined || installedOf(packages) !== "other") return undefined;
  const [name, version] = packages[0];
  try {
    return builtin("node:module").createRequire(import.meta.url)(name) as object;
  } catch (cause) {
    const sentence = `Cannot load ${name} as it is installed, which is not the version ${version} that this package was built with`;
    throw new Error(`${sentence}: ${(cause as Error).message}\n  Install a version that is nearer, by "overrides" in package.json.`, {
      cause,
    });
  }
}

// Not imported: a plugin's start would pay for what it does not use of them. Before Node.js 20.16 there is none.
function builtins(): typeof process.getBuiltinModule | undefined {
  return process.getBuiltinModule;
}
