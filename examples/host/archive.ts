// Hears what is published, and is called for it.
import { implement, serve } from "mortise/plugin";
import { archive, newsroom } from "./newsroom.js";

const titles: string[] = [];

await serve({
  provides: [
    implement(newsroom, { published: ({ title }) => void titles.push(title) }),
    implement(archive, {
      titles: () => titles,
      crash: () =>
        new Promise(() => {
          setImmediate(() => {
            throw new Error("The shelf broke");
          });
        }),
    }),
  ],
});
