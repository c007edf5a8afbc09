import { PluginError } from "../errors.js";
import { toWireError } from "../peer/errors/remote-error.js";
import { JSONRPCErrorException } from "../wire/error-codes.js";

/** A plugin declined to start. The message is the end of a sentence. */
export class Declined extends PluginError {
  /** In how many milliseconds it says that it may be started; undefined if it does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(why: string, retryAfterMs: unknown, options?: ErrorOptions) {
    super("REMOTE_ERROR", `it declined to start: ${why}`, options);
    this.retryAfterMs = isDelay(retryAfterMs) ? retryAfterMs : undefined;
  }
}

/** What a host is answered where `configure` threw: as for a handler, and with the time after which another start may go well. */
export function decliningError(thrown: unknown): JSONRPCErrorException {
  const { code, message, data } = toWireError(thrown);
  const { retryAfterMs } = delayIn(thrown);
  return new JSONRPCErrorException(message, code, { ...(data as object), ...(isDelay(retryAfterMs) ? { retryAfterMs } : {}) });
}

// Whatever was thrown, looking at it must not throw.
function delayIn(thrown: unknown): { readonly retryAfterMs?: unknown } {
  try {
    return { retryAfterMs: (thrown as { readonly retryAfterMs?: unknown } | null | undefined)?.retryAfterMs };
  } catch {
    return {};
  }
}

function isDelay(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
