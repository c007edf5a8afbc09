import type { Contract, Method, Notification, Stream } from "./contract.js";
import type { InputOf, OutputOf } from "./schema.js";

/** A value, or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

/**
 * The AbortSignal of the program that is compiled, whether that has the types of Node.js or of a browser. One that has neither knows what
 * all of them can do.
 */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer S } }
  ? S
  : { readonly aborted: boolean; readonly reason: any; throwIfAborted(): void };

/** How one call is made. */
export interface CallOptions {
  /** Gives the call up: it rejects with the signal's reason at once, and the other side's handler is told. @default none */
  readonly signal?: Signal | undefined;
  /**
   * Until the answer. `Infinity` waits for ever.
   * @default the connection's `callTimeoutMs`
   * @throws {RangeError} If it is not above 0.
   */
  readonly timeoutMs?: number | undefined;
  /** A callback of the input that is called starts the deadline anew, up to `maxTotalMs`. @default false */
  readonly progressResetsTimeout?: boolean | undefined;
  /** From the call to its answer at the most, whatever progress it makes. @default no cap @throws {RangeError} If it is not above 0. */
  readonly maxTotalMs?: number | undefined;
  /**
   * How long the call may wait for a plugin that is down to be there again, before it is sent, in milliseconds; it counts within
   * `timeoutMs`. On the connection of a client it has no effect: that connection is up, or over for ever.
   * @default 0: refused at once with `NOT_SENT`; of a plugin that sleeps until it is called, `timeoutMs`
   * @throws {RangeError} If it is below 0.
   */
  readonly waitReadyMs?: number | undefined;
}

/** Arguments of a call. An input that may be undefined may be left out. */
type Args<I> = undefined extends I ? [input?: I, options?: CallOptions] : [input: I, options?: CallOptions];

/**
 * The caller's view: one function per member, safe to destructure. What goes wrong is as for `call` of a Connection: methods and
 * notifications reject with it, and a stream throws it to its reader. A member that is `optional()` is undefined where the other side
 * lacks it.
 */
export type Remote<C extends Contract> = {
  readonly [K in keyof C["members"]]: RemoteMember<C["members"][K]> | IfOptional<C["members"][K], undefined>;
};
/** `T` of a member that may be lacking; of the others nothing. */
export type IfOptional<M, T> = M extends { readonly optional: true } ? T : never;
/** One function of a Remote. */
export type RemoteMember<M> =
  M extends Method<infer I, infer O>
    ? (...args: Args<InputOf<I>>) => Promise<Received<OutputOf<O>>>
    : M extends Stream<infer I, infer O>
      ? (...args: Args<InputOf<I>>) => AsyncIterable<Received<OutputOf<O>>>
      : M extends Notification<infer I>
        ? (...args: Args<InputOf<I>>) => Promise<void>
        : never;

/** A value as it arrives: functions have become async, everything else is a copy. */
export type Received<T> = T extends (...args: infer A) => infer R
  ? (...args: A) => Promise<Awaited<R>>
  : T extends Uint8Array
    ? Uint8Array
    : T extends { toJSON(): infer J }
      ? Received<J>
      : T extends AsyncIterable<unknown> | string | number | boolean | null | undefined | void
        ? T
        : T extends object
          ? { [K in keyof T]: Received<T[K]> }
          : T;
