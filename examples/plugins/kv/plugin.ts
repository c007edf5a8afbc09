import { EventEmitter, on } from "node:events";
import { implement, serve } from "mortise/plugin";
import { type Change, kv } from "./kv.js";

const store = new Map<string, Uint8Array>();
const changes = new EventEmitter().setMaxListeners(0);

function put(key: string, value: Uint8Array): void {
  store.set(key, value);
  changes.emit("change", { key, value } satisfies Change);
}

function keysUnder(prefix: string): string[] {
  return [...store.keys()].filter((key) => key.startsWith(prefix)).sort();
}

await serve({
  provides: [
    implement(kv, {
      get: ({ key }) => store.get(key) ?? null,
      put: ({ key, value }) => put(key, value),
      delete: ({ key }) => {
        const found = store.delete(key);
        if (found) changes.emit("change", { key, value: null } satisfies Change);
        return found;
      },
      async *list({ prefix }) {
        yield* keysUnder(prefix);
      },
      async *watch({ prefix }, { signal }) {
        // Listening begins before the first entry leaves: what changes meanwhile is kept, and comes after. The signal aborts when the
        // reader stops.
        const changed = on(changes, "change", { signal });
        for (const key of keysUnder(prefix)) yield { key, value: store.get(key) ?? null };
        for await (const [change] of changed as AsyncIterable<[Change]>) if (change.key.startsWith(prefix)) yield change;
      },
      load: async ({ entries }) => {
        let count = 0;
        for await (const { key, value } of entries) {
          put(key, value);
          count++;
        }
        return count;
      },
    }),
  ],
});
