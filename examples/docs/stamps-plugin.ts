import { implement, serve } from "mortise/plugin";
import { clock, stamps } from "./stamps.js";

await serve({
  provides: [
    implement(stamps, {
      stamp: async ({ text }, { peer }) => {
        const { now } = peer.dispense(clock);
        return `${new Date(await now()).toISOString()} ${text}`;
      },
    }),
  ],
});
