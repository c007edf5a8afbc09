import { setTimeout as sleep } from "node:timers/promises";
import { implement, serve } from "mortise/plugin";
import { clock, jobs } from "./jobs.js";

const notes: string[] = [];

await serve({
  provides: [
    implement(jobs, {
      // #region wait
      wait: async ({ ms }, { signal }) => {
        await sleep(ms, undefined, { signal });
        return `waited ${ms} ms`;
      },
      // #endregion wait
      // #region note
      note: ({ text }) => {
        notes.push(text);
      },
      notes: () => notes,
      // #endregion note
      // #region stamp
      stamp: async ({ text }, { peer }) => {
        const { now } = peer.dispense(clock);
        return `${new Date(await now()).toISOString()} ${text}`;
      },
      // #endregion stamp
      // #region withdraw
      withdraw: ({ amount }) => {
        throw Object.assign(new Error(`The account holds less than ${amount}`), { code: "NO_FUNDS", data: { missing: 30 } });
      },
      // #endregion withdraw
    }),
  ],
});
