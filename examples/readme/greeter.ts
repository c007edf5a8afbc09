import { defineContract, method, stream } from "mortise/contract";
import * as z from "zod";

export const greeter = defineContract("greeter", {
  greet: method<{ name: string }, string>(),
  // #region validate
  invite: method({ input: z.object({ name: z.string(), guests: z.number().positive() }), output: z.string() }),
  // #endregion validate
  // #region stream
  countdown: stream<{ from: number }, number>(),
  // #endregion stream
  // #region progress
  greetAll: method<{ names: string[]; onProgress: (done: number) => void }, string>(),
  // #endregion progress
  // #region errors
  enter: method<{ name: string }, string>(),
  // #endregion errors
  // #region callback
  welcome: method<{ name: string }, string>(),
});

export const clock = defineContract("clock", { hour: method<void, number>() });
// #endregion callback
