// TypeScript 6 and later load no types by themselves; "preserve" keeps these lines in the declarations.
/// <reference types="node" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
// The plugin's side.
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
} from "../contract/index.js";
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
} from "../contract/index.js";
export { APIVersion, MagicCookieKey, MagicCookieValue } from "../handshake/constants.js";
export type { Handshake } from "../handshake/cookie.js";
export type { ReattachConfig } from "../handshake/reattach-config.js";
export type { CallEvent } from "../peer/call-events.js";
export type { Backoff } from "../util/backoff.js";
export type { Logger } from "../util/logger.js";
export type { Limits } from "../wire/limits.js";
export type { ConnectOptions, ConnectTls } from "./connect/connect-options.js";
export type { Emitter, HostConnection } from "./connect/host-connection.js";
export { connect } from "./connect.js";
export type { ServeOptions, Standalone } from "./options.js";
export { serve } from "./serve.js";
export { serveMux } from "./serve-mux.js";
