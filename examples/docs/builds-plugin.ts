import { setTimeout as sleep } from "node:timers/promises";
import { implement, serve } from "mortise/plugin";
import { builds } from "./builds.js";

await serve({
  provides: [
    implement(builds, {
      build: async ({ pages, onProgress }, { signal }) => {
        for (let page = 1; page <= pages; page++) {
          await sleep(50, undefined, { signal });
          await onProgress(page);
        }
        return `${pages} pages`;
      },
    }),
  ],
});
