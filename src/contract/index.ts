/// <reference lib="es2022.error" preserve="true" />
// What both programs share.

export type { ErrorOf, PluginErrorCode, StartReason, StartStep } from "../errors.js";
export { isPluginError, PluginError, RemoteError, StartError, ValidationError } from "../errors.js";
export type { Contract, Member, Members, Method, Notification, Stream } from "./contract.js";
export { defineContract, method, notification, stream } from "./contract.js";
export type { Implementation } from "./implement.js";
export { implement } from "./implement.js";
export type { InputOf, OutputOf, Schema } from "./schema.js";
export type {
  Awaitable,
  CallContext,
  CallOptions,
  ConfigureContext,
  Dispenser,
  Handler,
  Handlers,
  PluginIdentity,
  Received,
  Remote,
} from "./views.js";
