// What a caller's functions look like. Compiled, never run.
import * as z from "zod";
import { type CallOptions, defineContract, method, notification, type Received, type Remote, stream } from "../../src/index.js";
import { type Equal, expectType } from "./expect-type.js";

const kv = defineContract("kv", {
  get: method<{ key: string }, string | undefined>(),
  now: method<void, number>(),
  clear: method(),
  maybe: method<string | undefined, void>(),
  note: notification<{ text: string }>(),
  beat: notification(),
  keys: stream<{ prefix: string }, string>(),
  parse: method({
    input: z.object({ at: z.string().transform((text) => text.length) }),
    output: z.string().transform((text) => text.length),
  }),
  loose: method<any, any>(),
  opaque: method<unknown, unknown>(),
});
declare const remote: Remote<typeof kv>;

expectType<Equal<typeof remote.get, (input: { key: string }, options?: CallOptions) => Promise<string | undefined>>>();
expectType<Equal<typeof remote.now, (input?: void, options?: CallOptions) => Promise<number>>>();
expectType<Equal<typeof remote.clear, (input?: void, options?: CallOptions) => Promise<void>>>();
expectType<Equal<typeof remote.note, (input: { text: string }, options?: CallOptions) => Promise<void>>>();
expectType<Equal<typeof remote.beat, (input?: void, options?: CallOptions) => Promise<void>>>();
expectType<Equal<ReturnType<typeof remote.keys>, AsyncIterable<string>>>();
// The caller gives what the input schema takes, and gets what the output schema makes.
expectType<Equal<Parameters<typeof remote.parse>[0], { at: string }>>();
expectType<Equal<ReturnType<typeof remote.parse>, Promise<number>>>();
expectType<Equal<ReturnType<typeof remote.loose>, Promise<any>>>();
expectType<Equal<ReturnType<typeof remote.opaque>, Promise<unknown>>>();

export async function calls(): Promise<void> {
  const { get, now, maybe } = remote;
  expectType<Equal<Awaited<ReturnType<typeof get>>, string | undefined>>();
  await now();
  await now(undefined, { timeoutMs: 5, signal: AbortSignal.timeout(5) });
  await maybe();
  await get({ key: "a" }, {});
  // @ts-expect-error A key is needed.
  await get({});
  // @ts-expect-error An input is needed.
  await get();
  // @ts-expect-error It takes no input.
  await now(5);
  // @ts-expect-error There is no such member.
  await remote.set({ key: "a" });
  // @ts-expect-error There is no such option.
  await get({ key: "a" }, { timeout: 5 });
  // @ts-expect-error A remote cannot be changed.
  remote.get = get;
  // @ts-expect-error The schema takes text.
  await remote.parse({ at: 5 });
}

// As it arrives: functions are async, bytes are bytes, what has a toJSON is what that gives, the rest is a copy.
expectType<Equal<Received<(done: number) => string>, (done: number) => Promise<string>>>();
expectType<Equal<Received<(done: number) => Promise<string>>, (done: number) => Promise<string>>>();
expectType<Equal<Received<Buffer>, Uint8Array>>();
expectType<Equal<Received<Date>, string>>();
expectType<
  Equal<Received<{ at: Date; on: () => void; list: readonly Date[] }>, { at: string; on: () => Promise<void>; list: readonly string[] }>
>();
expectType<Equal<Received<[Date, number]>, [string, number]>>();
expectType<Equal<Received<"a" | 1 | null | undefined>, "a" | 1 | null | undefined>>();
expectType<Equal<Received<{ readonly a?: Date | undefined }>, { readonly a?: string | undefined }>>();
expectType<Equal<Received<any>, any>>();
expectType<Equal<Received<unknown>, unknown>>();
