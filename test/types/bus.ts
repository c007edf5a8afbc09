// What is inferred of a set of topics. Compiled, never run.
import type { Reply } from "../../src/contract/strategies.js";
import type { Host } from "../../src/host/index.js";
import { action, collect, deepMerge, defineTopics, event, first, hook, implement } from "../../src/index.js";
import { type Equal, expectType } from "./expect-type.js";

const blog = defineTopics("blog", {
  published: event<{ id: number }>(),
  closed: event<void>(),
  lint: action<string, string[]>(),
  count: action<void, number>(),
  publish: hook<{ title: string }>(),
});
declare const host: Host<typeof blog>;
const { bus } = host;

const one = await bus.run("lint", "a draft");
expectType<Equal<typeof one, string[]>>();
const same = await bus.run("lint", "a draft", { strategy: first });
expectType<Equal<typeof same, string[]>>();
const merged = await bus.run("lint", "a draft", { strategy: deepMerge, timeoutMs: 10 });
expectType<Equal<typeof merged, string[]>>();
const all = await bus.run("lint", "a draft", { strategy: collect });
expectType<Equal<typeof all, Reply<string[]>[]>>();
const own = await bus.run("lint", "a draft", {
  async strategy(replies) {
    let words = 0;
    for await (const reply of replies) if (reply.ok) words += reply.value.length;
    return words;
  },
});
expectType<Equal<typeof own, number>>();
const count = await bus.run("count");
expectType<Equal<typeof count, number>>();
const counts = await bus.run("count", undefined, { strategy: collect });
expectType<Equal<typeof counts, Reply<number>[]>>();
const passed = await bus.pipe("publish", { title: "t" });
expectType<Equal<typeof passed.title, string>>();
await bus.emit("published", { id: 1 });
await bus.emit("closed");
bus.on("lint", (draft, { source }) => {
  expectType<Equal<typeof draft, string>>();
  return [source];
});

// @ts-expect-error An action that takes an input is asked with one.
await bus.run("lint");
// @ts-expect-error It takes a text.
await bus.run("lint", 5);
// @ts-expect-error There is no such action.
await bus.run("lints", "a draft");
// @ts-expect-error An event is emitted, not run.
await bus.run("published", { id: 1 });
// @ts-expect-error Its payload has an id.
await bus.emit("published", {});
// @ts-expect-error A handler of this action answers with texts.
bus.on("lint", () => 5);
// @ts-expect-error A hook gives on what it got, or nothing.
implement(blog, { publish: () => ({ text: "t" }) });
