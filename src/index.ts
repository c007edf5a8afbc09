// TypeScript 6 and later load no types by themselves; "preserve" keeps these lines in the declarations.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
// What a host program of one plugin needs.
export type { Client, ClientState } from "./client/client.js";
export { NewClient } from "./client/new-client.js";
export type { DrainOptions } from "./client/options/drain-options.js";
export type { ClientOptions } from "./client/options/options.js";
export type { StartOptions } from "./client/options/start-options.js";
export type {
  ActionTopic,
  Awaitable,
  Bus,
  CallContext,
  CallOptions,
  ConfigureContext,
  Contract,
  CredentialRequest,
  Dispenser,
  ErrorOf,
  EventTopic,
  Handler,
  Handlers,
  HookTopic,
  Implementation,
  InputOf,
  Member,
  Members,
  Method,
  Notification,
  OptionalMember,
  OutputOf,
  PluginErrorCode,
  PluginIdentity,
  Received,
  Remote,
  Schema,
  StartReason,
  StartStep,
  Stream,
} from "./contract/index.js";
export {
  action,
  ConflictError,
  collect,
  credentials,
  deepMerge,
  defineContract,
  defineTopics,
  event,
  first,
  hook,
  IncompatibleError,
  implement,
  isPluginError,
  ManifestError,
  method,
  NotReadyError,
  notification,
  optional,
  PluginError,
  RemoteError,
  StartError,
  stream,
  ValidationError,
  VetoError,
  veto,
} from "./contract/index.js";
export type { DiscoverOptions } from "./discover/discover.js";
export { discover } from "./discover/discover.js";
export type { DiscoveredPlugin, DiscoveredPlugins, DiscoverPluginsOptions, DiscoverProblem } from "./discover/discover-plugins.js";
export { discoverPlugins } from "./discover/discover-plugins.js";
export type { Checksum } from "./executable/checksum.js";
export type { Command } from "./executable/command.js";
export { APIVersion, MagicCookieKey, MagicCookieValue } from "./handshake/constants.js";
export type { Handshake } from "./handshake/cookie.js";
export type { ReattachConfig } from "./handshake/reattach-config.js";
export type { CallEvent } from "./peer/call-events.js";
export type { Connection } from "./peer/connection.js";
export type { Counters } from "./peer/counters.js";
export type { CloseReason } from "./peer/errors/close-reason.js";
export type { Provided, ProvidedMember } from "./peer/provided.js";
export { cleanupClients, killed } from "./process/registry.js";
export type { Exit, Running, Runtime } from "./process/runtime.js";
export type { Address, TransportName } from "./util/address.js";
export type { Logger } from "./util/logger.js";
export type { Limits } from "./wire/limits.js";
