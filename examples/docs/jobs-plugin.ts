import { setTimeout as sleep } from "node:timers/promises";
import { implement, serve } from "mortise/plugin";
import { jobs } from "./jobs.js";

await serve({
  provides: [
    implement(jobs, {
      wait: async ({ ms }, { signal }) => {
        await sleep(ms, undefined, { signal });
        return `waited ${ms} ms`;
      },
    }),
  ],
});
