import type { Range } from "semver";
import { escapeStep } from "../../util/text/json-pointer.js";
import type { Issue } from "./json-validator.js";
import { compileSchema } from "./json-validator.js";
import { type Manifest, wordsOf } from "./manifest.js";
import { whyBadPath } from "./package-path.js";
import { faultsOfSecrets } from "./secrets.js";

// Their directories, and keys of objects that others make of a list of plugins.
const RESERVED_IDS = new Set(["host", ...Object.getOwnPropertyNames(Object.prototype), "prototype"].map((id) => id.toLowerCase()));

/** What a schema cannot say of a manifest that fits it. semver is loaded now, and ajv where there are settings. */
export async function checkManifest(manifest: Manifest): Promise<Issue[]> {
  const { default: semver } = await import("semver");
  const issues: Issue[] = [];
  const tell = (pointer: string, message: string): void => void issues.push({ pointer, message });
  const { id, mode = "supervised", engines = {}, icon, http } = manifest;
  const badId = RESERVED_IDS.has(id.toLowerCase()) ? "is reserved" : whyBadPath(id);
  if (badId !== undefined) tell("/id", `is ${JSON.stringify(id)}, which ${badId}: choose another id`);
  for (const [name, range] of Object.entries(engines)) {
    const isRange = (semver.validRange(range) as Range | string | null) !== null;
    if (!isRange)
      tell(`/engines/${escapeStep(name)}`, `is ${JSON.stringify(range)}, and it must be a range as semver has it, such as ^1.2`);
  }
  const [file] = wordsOf(manifest);
  if (file === undefined && mode === "supervised") tell("/command", "is missing: a plugin that the host runs needs a file of the package");
  for (const [pointer, path] of [
    [Array.isArray(manifest.command) ? "/command/0" : "/command", file],
    ["/icon", icon],
    ["/http/assets", http?.assets],
  ] as const) {
    const why = path === undefined ? undefined : whyBadPath(path.replace(/^\.\//, ""));
    if (why !== undefined)
      tell(pointer, `is ${JSON.stringify(path)}, which ${why}: it must be a path from the package's root, and stay in it`);
  }
  if (manifest.settings !== undefined) issues.push(...(await faultsOfSettings(manifest.settings)));
  return issues;
}

async function faultsOfSettings(schema: Readonly<Record<string, unknown>>): Promise<Issue[]> {
  try {
    await compileSchema(schema);
  } catch (error) {
    return [{ pointer: "/settings", message: `is no JSON Schema 2020-12: ${(error as Error).message}` }];
  }
  return faultsOfSecrets(schema);
}
