import { action, defineContract, defineTopics, event, hook, method } from "mortise/contract";

export interface Post {
  readonly title: string;
  readonly text: string;
}

/** What the newsroom and its plugins say to each other. */
export const newsroom = defineTopics("newsroom", {
  /** Told to all who hear it. */
  published: event<Post>(),
  /** Asked of all who answer it: what they would change. */
  review: action<Post, string>(),
  /** Passes through all who join it before a post is published; any of them may veto. */
  publish: hook<Post>(),
});

/** What one of the plugins is called by. */
export const archive = defineContract("archive", {
  titles: method<void, string[]>(),
  /** For the example: an exception that nobody catches. */
  crash: method<void, void>(),
});
