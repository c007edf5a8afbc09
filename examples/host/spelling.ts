// Answers an action, and joins a hook.
import { implement, serve, veto } from "mortise/plugin";
import { newsroom } from "./newsroom.js";

await serve({
  provides: [
    implement(newsroom, {
      review: ({ text }) => `${text.match(/\bteh\b/g)?.length ?? 0} words to correct`,
      publish: (post) => {
        if (post.title === "") throw veto("a post needs a title");
        return { ...post, text: post.text.replaceAll(/\bteh\b/g, "the") };
      },
    }),
  ],
});
