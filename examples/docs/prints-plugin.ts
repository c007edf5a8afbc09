import { implement, serve } from "mortise/plugin";
import { prints } from "./prints.js";

await serve({
  provides: [
    implement(prints, {
      print: ({ title, logo }) => Buffer.concat([logo, Buffer.from(title)]),
    }),
  ],
});
