import { type Schema, type Subject, validate } from "../../contract/schema.js";
import type { CallOptions } from "../../contract/views.js";
import { PluginError } from "../../errors.js";
import { abortable } from "../../util/abort.js";
import type { Clock } from "../../util/clock.js";
import { isThenable } from "../../util/thenable.js";
import { within } from "../../util/within.js";
import type { ProgramHold } from "../program-hold.js";
import { checkCallOptions } from "./call-options.js";
import { lessSpent } from "./spent-time.js";

export type Send = (input: unknown, options: CallOptions | undefined) => Promise<unknown>;

/** What bounds the check where the call itself says nothing. */
export interface Patience {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Taken while the check goes on. */
  readonly hold?: ProgramHold | undefined;
  /** Aborts when nothing can be sent any more, where that is known. */
  readonly over?: (() => AbortSignal | undefined) | undefined;
}

/** Checks an input before it is sent. The check alone counts here: the schema's result is made where the value is received. */
export function checkThen(schema: Schema, method: string, patience: Patience, send: Send): Send {
  const subject: Subject = { code: "INVALID_INPUT", name: method, side: "caller" };
  return (input, options) => {
    let checked: unknown;
    try {
      checked = validate(schema, input, subject);
    } catch (error) {
      return Promise.reject(error);
    }
    // At once where the schema allows it: calls are sent in the order in which they were made.
    return isThenable(checked) ? sendLater(Promise.resolve(checked), options, patience) : send(input, options);

    async function sendLater(
      valid: Promise<unknown>,
      given: CallOptions = {},
      { clock, timeoutMs, hold, over }: Patience,
    ): Promise<unknown> {
      checkCallOptions(method, given);
      const begun = clock.now();
      const most = Math.min(given.timeoutMs ?? timeoutMs, given.maxTotalMs ?? Number.POSITIVE_INFINITY);
      const open = untilOver(valid, over?.());
      const bounded = most === Number.POSITIVE_INFINITY ? open : within(open, most, clock, () => late(method, most));
      hold?.take();
      try {
        await (given.signal === undefined ? bounded : abortable(bounded, given.signal));
      } finally {
        hold?.release();
      }
      return send(input, most === Number.POSITIVE_INFINITY ? options : lessSpent(given, most, clock.now() - begun));
    }
  };
}

/** Settles at the end of the conversation, too: what is sent then is refused, for the reason that it gives. */
function untilOver(valid: Promise<unknown>, over: AbortSignal | undefined): Promise<unknown> {
  if (over === undefined) return valid;
  return abortable(valid, over).catch((error: unknown) => {
    if (!over.aborted) throw error;
  });
}

function late(method: string, ms: number): PluginError {
  return new PluginError(
    "CALL_TIMEOUT",
    `Gave up the call of "${method}": its schema did not check the input in ${ms} ms; it was not sent`,
  );
}
