// Fails in each of the ways that docs/errors.md shows.
import { defineContract, implement, method, PluginError, serve } from "mortise/plugin";
import * as z from "zod";

const kv = defineContract("kv", {
  get: method({ input: z.object({ key: z.string() }) }),
  size: method({ output: z.number() }),
  drop: method(),
  wait: method(),
  forbid: method(),
});
await serve({
  provides: [
    implement(kv, {
      get: ({ key }) => key,
      size: () => "many",
      drop: () => {
        throw Object.assign(new Error('The store "main" is read-only'), { code: "READ_ONLY" });
      },
      wait: () => new Promise(() => {}),
      forbid: () => {
        throw new PluginError("UNAUTHORIZED", "this host may read and not write");
      },
    }),
  ],
});
