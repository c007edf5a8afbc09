import type { PluginError } from "../../errors.js";

/**
 * Rejects a call with an error whose stack leads to who awaits the call. It was made where the answer was read, far from there. V8 knows
 * those who wait, from one to the next, where an asynchronous function that they wait for is running: so a call that succeeds costs nothing.
 * @param resolve A promise's own two ends: V8 finds its way through no others.
 */
export function rejectWithStack(error: PluginError, resolve: (value: never) => void, reject: (reason: unknown) => void): void {
  callFailed(error).then(resolve, reject);
}

// Its name is the first line of that stack.
async function callFailed(error: PluginError): Promise<never> {
  await undefined;
  Error.captureStackTrace(error);
  throw error;
}
