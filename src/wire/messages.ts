// json-rpc-2.0's models alone: the whole library costs every plugin 11 ms of its start.
import { isJSONRPCID, isJSONRPCRequest, isJSONRPCResponse, JSONRPC } from "json-rpc-2.0/dist/models.js";

export { JSONRPC };

/** An id as we take it: a whole number from 0 to 2^53-1, or up to 64 characters. */
export type Id = number | string;

/** What an envelope may carry beside the call. */
export interface Meta {
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly timeoutMs?: number;
}

export type Message =
  | { readonly kind: "request"; readonly id: Id; readonly method: string; readonly params: unknown; readonly meta: Meta | undefined }
  | { readonly kind: "notification"; readonly method: string; readonly params: unknown; readonly meta: Meta | undefined }
  | { readonly kind: "result"; readonly id: Id; readonly value: unknown }
  | { readonly kind: "error"; readonly id: Id | null; readonly error: unknown };

/** Methods of the protocol itself. */
export const HELLO = "rpc.hello";
export const READY = "rpc.ready";
export const PING = "rpc.ping";
export const CANCEL = "rpc.cancel";
export const SHUTDOWN = "rpc.shutdown";
export const LOG = "rpc.log";
export const ITEM = "rpc.item";
export const END = "rpc.end";
export const CREDIT = "rpc.credit";
export const INVOKE = "rpc.invoke";
export const EVENT = "rpc.event";
export const ACTION = "rpc.action";
export const HOOK = "rpc.hook";
export const HEALTH = "rpc.health";
export const CONFIGURE = "rpc.configure";
export const REGISTER = "rpc.register";

/** The protocol's own that run what a user wrote. */
const USERS: ReadonlySet<string> = new Set([INVOKE, EVENT, ACTION, HOOK]);

/** Says whether a method belongs to the protocol. */
export function isReserved(method: string): boolean {
  return method.startsWith("rpc.");
}

/**
 * Says whether a method runs what a user wrote: a member, a function that was lent, the handler of a topic. Such a call lends, is part
 * of a trace, is limited and can be cancelled.
 */
export function isUsers(method: string): boolean {
  return !isReserved(method) || USERS.has(method);
}

/**
 * Says what a parsed value is, or why it is no message.
 *
 * json-rpc-2.0's guards ask for members of `null` and take any id and any method; what they let through is checked here.
 */
export function classify(value: unknown): Message | string {
  if (typeof value !== "object" || value === null) return "it is no object";
  if (Array.isArray(value)) return "it is an array, and batches are not taken";
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields["jsonrpc"] !== JSONRPC) return `its "jsonrpc" is not "${JSONRPC}"`;
  if (isJSONRPCRequest(fields)) return classifyRequest(fields);
  // To json-rpc-2.0 that is a response, and a side that sent it as a request would wait for ever.
  if (fields["method"] !== undefined) return "it is both a request and a response";
  if (isJSONRPCResponse(fields)) return classifyResponse(fields);
  return "it is no request, notification or response";
}

function classifyRequest(fields: Readonly<Record<string, unknown>>): Message | string {
  const { method, params, id, meta } = fields;
  if (typeof method !== "string") return "its method is no string";
  if (params !== undefined && (typeof params !== "object" || params === null)) return "its params are no object or array";
  const beside = typeof meta === "object" && meta !== null ? meta : undefined;
  if (id === undefined) return { kind: "notification", method, params, meta: beside };
  if (!isId(id)) return ID_PROBLEM;
  return { kind: "request", id, method, params, meta: beside };
}

function classifyResponse(fields: Readonly<Record<string, unknown>>): Message | string {
  const { id, result, error } = fields;
  if (result !== undefined && error !== undefined) return "it has both a result and an error";
  // An answer to something that could not be read has no id.
  if (id === null && error !== undefined) return { kind: "error", id, error };
  if (!isId(id)) return ID_PROBLEM;
  return error === undefined ? { kind: "result", id, value: result } : { kind: "error", id, error };
}

const ID_PROBLEM = "its id is neither a whole number from 0 to 2^53-1 nor a string of up to 64 characters";

function isId(id: unknown): id is Id {
  if (!isJSONRPCID(id)) return false;
  // 2^53 + 1 would come back as another number and reach another call.
  return typeof id === "number" ? Number.isSafeInteger(id) && id >= 0 : typeof id === "string" && id.length <= 64;
}
