import { JSONRPCErrorException, WireCode } from "../../wire/error-codes.js";
import { INVOKE } from "../../wire/messages.js";
import { inputOf } from "../reserved.js";
import type { Lending, LentFunction } from "./lending.js";

/** Which function of ours the other side calls, and what with. @throws {JSONRPCErrorException} Nothing can be called so. */
export function readInvoke(params: unknown, lending: Lending): { readonly lent: LentFunction; readonly args: readonly unknown[] } {
  const { function: number, args } = (inputOf(INVOKE, params) ?? {}) as { function?: unknown; args?: unknown };
  const lent = lending.find(number);
  if (lent === undefined) {
    throw new JSONRPCErrorException("Cannot call that function: the call that lent it is over", WireCode.notProvided);
  }
  if (Array.isArray(args)) return { lent, args };
  const message = 'Cannot call that function: its "args" are no list';
  throw new JSONRPCErrorException(message, WireCode.invalidInput, { issues: [{ message }] });
}
