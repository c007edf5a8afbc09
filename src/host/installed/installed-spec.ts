import { join } from "node:path";
import { type Manifest, wordsOf } from "../../install/manifest/manifest.js";
import { type ResolvedSpec, resolveSpec } from "../options/resolve-spec.js";
import type { PluginSpec } from "../options/spec.js";

/** What a package runs, and where. */
export interface Program {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
}

/** What is run of a package. @param files Its directory. */
export function programOf(manifest: Manifest, files: string): Program | undefined {
  const [file, ...args] = wordsOf(manifest);
  return file === undefined ? undefined : { command: [join(files, file), ...args], cwd: files };
}

/** The spec of an installed plugin. It starts with no grants and inactive, whatever it asks for: what was given since is kept apart. */
export function installedSpec(manifest: Manifest, files: string): ResolvedSpec {
  const { id, restart, activation, mode = "supervised" } = manifest;
  const common = { id, active: false, grants: {} };
  if (mode === "external") return resolveSpec({ ...common, mode } as PluginSpec);
  const program = programOf(manifest, files) as Program;
  return resolveSpec({
    ...common,
    mode,
    ...program,
    ...(restart === undefined ? {} : { restart }),
    ...(activation === undefined ? {} : { activation }),
  });
}
