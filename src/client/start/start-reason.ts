import { isPluginError, type PluginErrorCode, type StartReason } from "../../errors.js";
import { reasonIn } from "../../executable/start-fault.js";
import { type Failure, GivenUp, isLoss, mayBeExit, TimeUp } from "./failure.js";

const BY_CODE: { readonly [K in PluginErrorCode]?: StartReason } = {
  VERSION_MISMATCH: "version",
  CHECKSUM_MISMATCH: "checksum",
  BAD_HANDSHAKE: "untrusted",
  CALL_TIMEOUT: "silent",
  REMOTE_ERROR: "declined",
  LIMIT_EXCEEDED: "options",
};

/** Why a start failed, for a program that decides what to do about it. */
export function startReason({ error, step, exit }: Failure): StartReason {
  if (error instanceof TimeUp) return "silent";
  // What this program itself asked for is no fault of the plugin, and another start would be asked for as well.
  if (step === "options" || error instanceof GivenUp) return "options";
  if (exit !== undefined && mayBeExit(error)) return "exited";
  if (isLoss(error)) return isPluginError(error.cause, "PROTOCOL_VIOLATION") ? "untrusted" : "unreachable";
  const byCode = isPluginError(error) ? BY_CODE[error.code] : undefined;
  return byCode ?? reasonIn(error, step === "spawn" ? "resources" : "unreachable");
}
