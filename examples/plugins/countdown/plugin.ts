import { setTimeout as sleep } from "node:timers/promises";
import { implement, serve } from "mortise/plugin";
import { control, countdown } from "./countdown.js";

let everyMs = 1_000;

await serve({
  provides: [
    implement(countdown, {
      tempo: (tempo) => {
        everyMs = tempo.everyMs;
      },
      // The peer is the host that called. The signal aborts when it gives up, or is gone.
      start: async (from, { peer, signal }) => {
        const { tick, go } = peer.dispense(control);
        for (let left = from; left > 0; left--) {
          await tick(left);
          await sleep(everyMs, undefined, { signal });
        }
        if (!(await go(undefined, { signal }))) throw new Error("Control holds at zero");
        return "Lift-off!";
      },
    }),
  ],
});
