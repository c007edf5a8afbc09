/// <reference lib="es2022.error" preserve="true" />
// What both programs share.

export type { ErrorOf, PluginErrorCode, StartReason, StartStep } from "../errors.js";
export {
  ConflictError,
  IncompatibleError,
  isPluginError,
  ManifestError,
  NotReadyError,
  PluginError,
  RemoteError,
  StartError,
  ValidationError,
  VetoError,
} from "../errors.js";
export type { RemoteBus, RunOptions } from "./bus-views.js";
export type { CallContext, ConfigureContext, Dispensed, Dispenser, Handler, Handlers, PluginIdentity } from "./context.js";
export type { Contract, Member, Members, Method, Notification, OptionalMember, Stream } from "./contract.js";
export { defineContract, method, notification, optional, stream } from "./contract.js";
export type { CredentialRequest } from "./credentials.js";
export { credentials } from "./credentials.js";
export type { Implementation } from "./implement.js";
export { implement } from "./implement.js";
export type { InputOf, OutputOf, Schema } from "./schema.js";
export type { Reply, Strategy } from "./strategies.js";
export { collect, deepMerge, first } from "./strategies.js";
export type { Bus, Provenance, TopicContext, TopicHandler, TopicHandlers } from "./topic-views.js";
export type { ActionTopic, EventTopic, HookTopic, Topic, TopicMap, Topics } from "./topics.js";
export { action, defineTopics, event, hook } from "./topics.js";
export { veto } from "./veto.js";
export type { Awaitable, CallOptions, Received, Remote } from "./views.js";
