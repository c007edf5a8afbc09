import { implement, serve } from "mortise/plugin";
import { greeter } from "./greeter.js";

await serve({
  provides: [
    implement(greeter, {
      greet: ({ name }) => `Hello, ${name}!`,
    }),
  ],
});
