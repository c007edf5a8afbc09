import { readdir, realpath } from "node:fs";
import { join, relative } from "node:path";

/** How a pattern is matched. */
export interface Matching {
  /** Absolute. */
  readonly cwd: string;
  readonly followLinks: boolean;
}

/** All that matches a glob, as absolute paths, whatever it is. Of what cannot be read nothing matches. */
export async function findMatches(glob: string, { cwd, followLinks }: Matching): Promise<string[]> {
  const { default: fastGlob } = await import("fast-glob");
  return fastGlob(glob, {
    cwd,
    absolute: true,
    onlyFiles: false,
    dot: false,
    followSymbolicLinks: followLinks,
    suppressErrors: true,
    unique: true,
    ...(followLinks ? { fs: { readdir: readdirOneLinkDeep(cwd) as never } } : {}),
  });
}

/** The patterns of the directories that a glob leads through. */
export function directoriesOf(glob: string): string[] {
  const names = glob.split(/\/(?![^{]*\})/);
  return names.slice(0, -1).map((_, index) => names.slice(0, index + 1).join("/"));
}

type Done = (error: Error | null, entries: readonly { isSymbolicLink(): boolean }[]) => void;

/**
 * Reads directories, and leaves out the links in those that a link led to: packages that link to each other, or a link to a directory
 * above itself, would be read for ever.
 */
function readdirOneLinkDeep(cwd: string): (path: string, options: { readonly withFileTypes: true }, done: Done) => void {
  const base = new Promise<string>((resolve) => realpath(cwd, (_error, real) => resolve(real ?? cwd)));
  return (path, options, done) => {
    readdir(path, options, (error, entries) => {
      if (error !== null) return done(error, []);
      realpath(path, async (_error, real) => {
        const isBehindLink = real !== join(await base, relative(cwd, path));
        done(null, isBehindLink ? entries.filter((entry) => !entry.isSymbolicLink()) : entries);
      });
    });
  };
}
