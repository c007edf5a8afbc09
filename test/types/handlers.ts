// What a provider's functions look like, and the contracts that cannot be made. Compiled, never run.
import * as z from "zod";
import {
  type CallContext,
  type Contract,
  defineContract,
  type Handlers,
  implement,
  method,
  notification,
  type PluginIdentity,
  stream,
} from "../../src/index.js";
import { type Equal, expectType } from "./expect-type.js";

const files = defineContract("files", {
  read: method<{ path: string }, string>(),
  index: method<{ onProgress: (done: number) => void }, number>(),
  size: method({ input: z.object({ path: z.string().transform((path) => path.split("/")) }), output: z.coerce.number() }),
  close: method(),
  seen: notification<Date>(),
  watch: stream<{ path: string }, { at: number }>(),
});
expectType<Equal<typeof files.name, string>>();
expectType<Equal<keyof typeof files.members, "read" | "index" | "size" | "close" | "seen" | "watch">>();

const right = {
  read: ({ path }: { path: string }) => path,
  index: async () => 1,
  size: () => 1,
  close: () => {},
  seen: () => {},
  async *watch() {
    yield { at: 1 };
  },
};

implement(files, {
  ...right,
  read: (input, context) => {
    expectType<Equal<typeof input, { path: string }>>();
    expectType<Equal<typeof context, CallContext>>();
    expectType<Equal<typeof context.signal, AbortSignal>>();
    expectType<Equal<typeof context.plugin, PluginIdentity | undefined>>();
    expectType<Equal<PluginIdentity, { readonly id: string; readonly instance: string }>>();
    return input.path;
  },
  // A function that was lent is async here.
  index: async (input) => {
    expectType<Equal<typeof input.onProgress, (done: number) => Promise<void>>>();
    return 1;
  },
  // A handler gets what the input schema makes, and gives what the output schema takes.
  size: (input) => {
    expectType<Equal<typeof input, { path: string[] }>>();
    return "12";
  },
  seen: (at) => {
    expectType<Equal<typeof at, string>>();
  },
});

class Files implements Handlers<typeof files> {
  readonly root = "/";
  read({ path }: { path: string }): string {
    return this.root + path;
  }
  index = async (): Promise<number> => 1;
  size(): number {
    return 1;
  }
  close(): void {}
  seen(): void {}
  async *watch(): AsyncGenerator<{ at: number }> {}
}
implement(files, new Files());

// @ts-expect-error A member has no handler.
implement(files, { read: () => "" });
// @ts-expect-error A result of another type.
implement(files, { ...right, read: () => 5 });
// @ts-expect-error An input of another type.
implement(files, { ...right, read: ({ path }: { path: number }) => String(path) });
// @ts-expect-error There is no such member.
implement(files, { ...right, write: () => {} });
// @ts-expect-error A stream is an async iterable.
implement(files, { ...right, watch: () => ({ at: 1 }) });
// @ts-expect-error That is no contract.
implement("files", right);

// @ts-expect-error A member is made with method(), stream() or notification().
defineContract("bad", { greet: () => "hello" });
// @ts-expect-error A name is a string.
defineContract(5, {});
const THEN = "then" as const;
// @ts-expect-error `await` would call it.
defineContract("bad", { [THEN]: method() });
// @ts-expect-error A schema has its place.
method(z.string());
// @ts-expect-error There is no such place for one.
method({ inputs: z.string() });
// @ts-expect-error Nobody answers a notification.
notification({ input: z.string(), output: z.string() });
// @ts-expect-error A contract is frozen.
files.name = "other";

const anyContract: Contract = files;

export { anyContract };
