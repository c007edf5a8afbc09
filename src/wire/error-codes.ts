import { JSONRPCErrorCode, JSONRPCErrorException } from "json-rpc-2.0/dist/models.js";
import type { PluginErrorCode } from "../errors.js";

/** Thrown by what answers the protocol's own methods, to answer with a code of its choice. */
export { JSONRPCErrorException };

type WireCodeName =
  | "parseError"
  | "invalidRequest"
  | "notProvided"
  | "invalidInput"
  | "internal"
  | "handlerThrew"
  | "unauthorized"
  | "busy"
  | "stopping"
  | "tooLarge"
  | "invalidOutput"
  | "cancelled";

/** The numbers on the wire: JSON-RPC's own, and ours in the range that it leaves to applications. */
export const WireCode: { readonly [K in WireCodeName]: number } = {
  parseError: JSONRPCErrorCode.ParseError,
  invalidRequest: JSONRPCErrorCode.InvalidRequest,
  notProvided: JSONRPCErrorCode.MethodNotFound,
  invalidInput: JSONRPCErrorCode.InvalidParams,
  internal: JSONRPCErrorCode.InternalError,
  handlerThrew: -32000,
  unauthorized: -32001,
  busy: -32002,
  stopping: -32003,
  tooLarge: -32004,
  invalidOutput: -32005,
  cancelled: -32800,
};

const CODES: ReadonlyMap<number, PluginErrorCode> = new Map<number, PluginErrorCode>([
  [WireCode.parseError, "PROTOCOL_VIOLATION"],
  [WireCode.invalidRequest, "PROTOCOL_VIOLATION"],
  [WireCode.notProvided, "NOT_PROVIDED"],
  [WireCode.invalidInput, "INVALID_INPUT"],
  [WireCode.unauthorized, "UNAUTHORIZED"],
  [WireCode.busy, "BUSY"],
  [WireCode.stopping, "NOT_SENT"],
  [WireCode.tooLarge, "LIMIT_EXCEEDED"],
  [WireCode.invalidOutput, "INVALID_OUTPUT"],
  [WireCode.cancelled, "CANCELLED"],
]);

/** What a number means here. Any other number is a failure of the other side's own. */
export function codeOf(wireCode: number): PluginErrorCode {
  return CODES.get(wireCode) ?? "REMOTE_ERROR";
}
