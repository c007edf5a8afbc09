import { IncompatibleError } from "../../errors.js";
import type { Manifest } from "./manifest.js";

/** What a package may ask for a version of: this library, and the application that uses it. */
export interface Versions {
  readonly mortise: string;
  readonly app: { readonly name: string; readonly version: string } | undefined;
}

/**
 * Holds what a manifest asks for against what is here. Applications of other names are others' concern: a package may fit several.
 * @throws {IncompatibleError} `INCOMPATIBLE`, with the range and the version.
 */
export async function checkEngines({ engines = {} }: Manifest, { mortise, app }: Versions, attempt: string): Promise<void> {
  const { default: semver } = await import("semver");
  const here = new Map([["mortise", mortise], ...(app === undefined ? [] : [[app.name, app.version] as const])]);
  for (const [name, range] of Object.entries(engines)) {
    const version = here.get(name);
    if (version === undefined) continue;
    // A version of an application that semver does not read meets no range but any.
    if (semver.satisfies(version, range, { includePrerelease: true })) continue;
    const sentence = `${attempt}: it works with ${name} ${range}, and this is ${name} ${version}`;
    throw new IncompatibleError(`${sentence}\n  Install a version of it that works with this one.`, { range, version });
  }
  const others = Object.keys(engines).filter((name) => name !== "mortise");
  if (app !== undefined && others.length > 0 && !others.includes(app.name)) {
    const sentence = `${attempt}: it works with ${others.join(", ")}, and this is ${app.name} ${app.version}`;
    throw new IncompatibleError(sentence, { range: others.map((name) => `${name} ${engines[name]}`).join(", "), version: app.version });
  }
}
