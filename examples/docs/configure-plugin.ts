// #region serve
import { implement, serve } from "mortise/plugin";
import { text } from "./text.js";

let prefix = "";
await serve({
  configure: (config) => {
    const { greeting } = config as { greeting?: string };
    if (greeting === undefined) throw new Error("the configuration has no greeting");
    prefix = greeting;
  },
  provides: [implement(text, { change: (input) => `${prefix}, ${input}` })],
});
// #endregion serve
