import { implement, serve } from "mortise/plugin";
import { greeter } from "./greeter.js";

let greeting = "";
await serve({
  configure: (config) => {
    const { greeting: given } = config as { greeting?: string };
    if (given === undefined) throw new Error("the configuration has no greeting");
    greeting = given;
  },
  provides: [implement(greeter, { greet: ({ name }) => `${greeting}, ${name}!` })],
});
