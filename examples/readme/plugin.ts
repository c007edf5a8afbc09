import { implement, serve } from "mortise/plugin";
import { clock, greeter } from "./greeter.js";

await serve({
  provides: [
    implement(greeter, {
      greet: ({ name }) => `Hello, ${name}!`,
      // #region validate
      invite: ({ name, guests }) => `${name} brings ${guests}`,
      // #endregion validate
      // #region stream
      async *countdown({ from }) {
        for (let left = from; left > 0; left--) yield left;
      },
      // #endregion stream
      // #region progress
      greetAll: async ({ names, onProgress }) => {
        for (const index of names.keys()) await onProgress(index + 1);
        return `Hello, ${names.join(" and ")}!`;
      },
      // #endregion progress
      // #region callback
      welcome: async ({ name }, { peer }) => {
        const { hour } = peer.dispense(clock);
        return `Good ${(await hour()) < 12 ? "morning" : "evening"}, ${name}!`;
      },
      // #endregion callback
      // #region errors
      enter: ({ name }) => {
        throw Object.assign(new Error(`${name} is not on the list`), { code: "NOT_LISTED" });
      },
      // #endregion errors
    }),
  ],
});
