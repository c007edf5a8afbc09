import { implement, serve } from "../../../dist/plugin.js";
import { greeter, listener } from "../mortise-greeter.mjs";

let notes = 0;
await serve({
  provides: [
    implement(greeter, {
      greet: ({ name }) => `Hello, ${name}!`,
      echo: ({ text }) => text,
      note: () => void notes++,
      flood: ({ count }, { peer }) => {
        const { note } = peer.dispense(listener);
        for (let index = 0; index < count; index++) void note({ name: "host" });
        return notes;
      },
      echoBytes: ({ bytes }) => bytes,
      async *numbers({ count }) {
        for (let n = 0; n < count; n++) yield { n };
      },
    }),
  ],
});
