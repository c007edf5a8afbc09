import { ConflictError, isPluginError, PluginError } from "../../errors.js";
import { otherPackage, type StagedPackage } from "../../install/packages.js";
import { currentOf, type StoredPackage, type StoredVersion } from "../../install/store/plugin-record.js";
import type { PluginSession } from "../session/plugin-session.js";
import type { HostData } from "./host-data.js";
import { checkSource, resolveInstallOptions, type UpdateOptions } from "./install-options.js";
import { programOf } from "./installed-spec.js";

/**
 * Takes another version of an installed plugin. One that is active is replaced: the new version is started beside the old one, which stays
 * if the new one does not come to work.
 */
export async function updatePackage(data: HostData, session: PluginSession, source: string | URL, options: UpdateOptions): Promise<void> {
  const { id } = session;
  const attempt = `Cannot update plugin "${id}"`;
  const resolved = resolveInstallOptions(attempt, options, true);
  checkSource(attempt, source);
  data.packageOf(id, attempt);
  const staged = await data.stage("update", source, attempt, resolved, id);
  const { sha256, source: from, manifest } = staged.version;
  const details = { version: manifest.version, sha256, source: from };
  await data.inTurn(id, () => data.audited("update", id, details, () => takeStaged(data, session, staged, attempt)));
}

async function takeStaged(data: HostData, session: PluginSession, staged: StagedPackage, attempt: string): Promise<void> {
  const { id } = session;
  try {
    const stored = data.packageOf(id, attempt);
    const { version } = currentOf(stored).manifest;
    if (staged.manifest.id !== id) throw otherPackage(attempt, id, staged.manifest.id);
    if (stored.pinned) throw new ConflictError(`${attempt}: it is pinned to version ${version}\n  host.pin(id, false) lets go of it.`, id);
    data.refusePrefix(staged.manifest, attempt);
    const committed = await data.packages.commit(staged, attempt);
    try {
      await switchTo(data, session, committed, attempt);
    } catch (error) {
      await data.packages.forget(id, committed);
      throw error;
    }
  } finally {
    await data.packages.discard(staged);
  }
}

/** Goes back to the version before, or to one that is named. */
export async function rollbackPackage(data: HostData, session: PluginSession, version: string | undefined): Promise<void> {
  const { id } = session;
  const attempt = `Cannot roll plugin "${id}" back`;
  await data.inTurn(id, async () => {
    const target = versionBefore(data.packageOf(id, attempt), version, attempt);
    await data.audited("rollback", id, { version: target.manifest.version }, () => switchTo(data, session, target, attempt));
  });
}

/** Pins a plugin to the version that it has, or lets go of it. */
export async function pinPackage(data: HostData, { id }: PluginSession, pinned: boolean): Promise<void> {
  const attempt = `Cannot ${pinned ? "pin" : "unpin"} plugin "${id}"`;
  await data.inTurn(id, async () => {
    const current = currentOf(data.packageOf(id, attempt));
    await data.audited(pinned ? "pin" : "unpin", id, { version: current.manifest.version }, () =>
      data.packages.use(id, current, attempt, { pinned }),
    );
  });
}

function versionBefore(stored: StoredPackage, version: string | undefined, attempt: string): StoredVersion {
  const { versions, current } = stored;
  const at = versions.findIndex(({ directory }) => directory === current);
  const target = version === undefined ? versions[at - 1] : versions.findLast(({ manifest }) => manifest.version === version);
  if (target !== undefined) return target;
  const kept = versions.map(({ manifest }) => manifest.version).join(", ");
  throw new PluginError(
    "UNKNOWN_PLUGIN",
    `${attempt}: there is no ${version === undefined ? "earlier version" : `version ${version}`}; kept are ${kept}`,
  );
}

/** Has a version that is kept be the one that is run. */
async function switchTo(data: HostData, session: PluginSession, version: StoredVersion, attempt: string): Promise<void> {
  const { id } = session;
  const old = currentOf(data.packageOf(id, attempt));
  const { manifest } = version;
  if ((manifest.mode ?? "supervised") !== (old.manifest.mode ?? "supervised")) {
    throw new ConflictError(`${attempt}: version ${manifest.version} is run in another way ("mode")\n  Uninstall it first.`, id);
  }
  await data.schemas.check(manifest, data.store.get(id).settings ?? {}, attempt).catch((error: unknown) => {
    // Those that were never set are the plugin's own concern at its start.
    if (data.store.get(id).settings !== undefined) throw error;
  });
  const restore = await run(data, session, version, attempt, old);
  try {
    await data.packages.use(id, version, attempt);
  } catch (error) {
    await restore();
    throw error;
  }
  session.manifest = manifest;
  // One that did not run may do so now. Whether it does is its own affair: the version is taken.
  if (session.activeState === "active" && session.reportedState === "errored") await session.setActiveState("active").catch(() => {});
}

/** Runs another version from now on; gives the way back. */
async function run(
  data: HostData,
  session: PluginSession,
  version: StoredVersion,
  attempt: string,
  old: StoredVersion,
): Promise<() => Promise<void>> {
  const { id } = session;
  const program = programOf(version.manifest, data.packages.filesOf(id, version));
  const before = programOf(old.manifest, data.packages.filesOf(id, old));
  if (program === undefined) return async () => {};
  try {
    await session.runner.run(program);
  } catch (error) {
    const { message } = error as Error;
    const sentence = `${attempt}: version ${version.manifest.version} did not come to work, and ${old.manifest.version} goes on\n  ${message.split("\n").join("\n  ")}`;
    throw new PluginError(isPluginError(error) ? error.code : "START_FAILED", sentence, { cause: error });
  }
  return async () => {
    if (before !== undefined) await session.runner.run(before).catch(() => {});
  };
}
