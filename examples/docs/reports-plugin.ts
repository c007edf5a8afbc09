import { implement, serve } from "mortise/plugin";
import { reports } from "./reports.js";

await serve({
  provides: [
    implement(reports, {
      async *lines({ from }) {
        for (let number = from; ; number++) yield `line ${number}`;
      },
      total: async ({ amounts }) => {
        let total = 0;
        for await (const amount of amounts) total += amount;
        return total;
      },
    }),
  ],
});
