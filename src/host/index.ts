// Many plugins at once.
export type { Backoff } from "../util/backoff.js";
export { core, type Dropped, type ListenerFailed, type Registered } from "./core-topics.js";
export type { ListenOptions } from "./external/listen-options.js";
export type { Grants } from "./grants.js";
export { Host } from "./host.js";
export type { HostOptions } from "./options/host-options.js";
export type { ExternalSpec, HealthPolicy, InlineSpec, PluginSpec, SupervisedSpec } from "./options/spec.js";
export { parseRuntimeProvider, type RuntimeProvider } from "./runtime-provider.js";
export type { SessionChange } from "./session/change.js";
export type { LastExit, ReplaceOptions, Session, Supervised } from "./session/session.js";
export type { SessionHealth } from "./session/session-health.js";
export type { SessionState } from "./session/states.js";
export type { RestartPolicy } from "./supervised/restart-policy.js";
