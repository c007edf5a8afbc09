import { implement, serve } from "mortise/plugin";
import { notes } from "./notes.js";

const texts: string[] = [];
await serve({
  provides: [
    implement(notes, {
      add: ({ text }) => {
        texts.push(text);
      },
      list: () => texts,
    }),
  ],
});
