// Many plugins at once.

export type { PackageLimits } from "../install/archive/archive-limits.js";
export type { AuditEntry } from "../install/audit.js";
export type { LogEntry, LogQuery } from "../install/logs/log-entry.js";
export type { LogLimits } from "../install/logs/rotated-file.js";
export type { Manifest, RequestedGrants, RequestedRestart } from "../install/manifest/manifest.js";
export type { Backoff } from "../util/backoff.js";
export { loadConfig } from "./config/load-config.js";
export { core, type Dropped, type ListenerFailed, type Registered } from "./core-topics.js";
export type { ListenOptions } from "./external/listen-options.js";
export type { Grants } from "./grants.js";
export { Host } from "./host.js";
export type { Access } from "./installed/credentials.js";
export type { InstallOptions, UpdateOptions } from "./installed/install-options.js";
export type { AuditQuery } from "./installed/queries.js";
export type { TokenOffice } from "./installed/token-office.js";
export type { HostOptions } from "./options/host-options.js";
export type { ExternalSpec, HealthPolicy, InlineSpec, PluginSpec, SupervisedSpec } from "./options/spec.js";
export { parseRuntimeProvider, type RuntimeProvider } from "./runtime-provider.js";
export type { SessionChange } from "./session/change.js";
export type { LastExit, ReplaceOptions, Session, Supervised } from "./session/session.js";
export type { SessionHealth } from "./session/session-health.js";
export type { SessionState } from "./session/states.js";
export type { RestartPolicy } from "./supervised/restart-policy.js";
