import { setTimeout as sleep } from "node:timers/promises";
import { implement, serve } from "mortise/plugin";
import { reports } from "./reports.js";

await serve({
  provides: [
    implement(reports, {
      // #region streams
      async *lines({ from }) {
        for (let number = from; ; number++) yield `line ${number}`;
      },
      total: async ({ amounts }) => {
        let total = 0;
        for await (const amount of amounts) total += amount;
        return total;
      },
      // #endregion streams
      // #region progress
      build: async ({ pages, onProgress }, { signal }) => {
        for (let page = 1; page <= pages; page++) {
          await sleep(50, undefined, { signal });
          await onProgress(page);
        }
        return `${pages} pages`;
      },
      // #endregion progress
      // #region bytes
      print: ({ title, logo }) => Buffer.concat([logo, Buffer.from(title)]),
      // #endregion bytes
    }),
  ],
});
