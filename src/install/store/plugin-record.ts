import type { Manifest, RequestedGrants } from "../manifest/manifest.js";

/** One version of a plugin that is kept. */
export interface StoredVersion {
  /** Of its directory, below the plugin's. */
  readonly directory: string;
  /** Of the archive, as hex digits. */
  readonly sha256: string;
  readonly bytes: number;
  /** Where it came from, without what is secret in a URL. */
  readonly source: string;
  /** As ISO 8601. */
  readonly installedAt: string;
  /** Checked when it was installed: a start of the host believes it. */
  readonly manifest: Manifest;
}

/** The package of a plugin: its versions, oldest first. */
export interface StoredPackage {
  /** The directory of the version that is run. */
  readonly current: string;
  /** update() leaves it alone. */
  readonly pinned: boolean;
  readonly versions: readonly StoredVersion[];
}

/** A token that an external plugin shows. Kept as its SHA-256 alone. */
export interface StoredToken {
  /** Hex digits. */
  readonly sha256: string;
  /** As ISO 8601. */
  readonly issuedAt: string;
}

/** What is kept of a plugin. Everything is left out until it is set. */
export interface PluginRecord {
  readonly wish?: "active" | "inactive";
  readonly grants?: RequestedGrants;
  readonly settings?: unknown;
  readonly tokens?: readonly StoredToken[];
  readonly package?: StoredPackage;
  /** Its last end that was not asked for. */
  readonly lastExit?: unknown;
}

/** The version of a package that is run. */
export function currentOf({ current, versions }: StoredPackage): StoredVersion {
  return versions.find(({ directory }) => directory === current) as StoredVersion;
}

/** Reads a record. Undefined where it is none that this version wrote. */
export function parseRecord(text: string): PluginRecord | undefined {
  let value: { readonly format?: unknown; readonly record?: PluginRecord };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    return undefined;
  }
  if (value === null || typeof value !== "object" || value.format !== 1 || typeof value.record !== "object" || value.record === null)
    return undefined;
  const { package: stored } = value.record;
  if (stored !== undefined && !(Array.isArray(stored.versions) && currentOf(stored) !== undefined)) return undefined;
  return value.record;
}

/** A record as text; the number is for versions to come. */
export function formatRecord(record: PluginRecord): string {
  return JSON.stringify({ format: 1, record }, null, 2);
}
