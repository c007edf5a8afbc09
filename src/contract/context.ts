import type { RemoteBus } from "./bus-views.js";
import type { Contract, Method, Notification, Stream } from "./contract.js";
import type { InputOf, OutputOf } from "./schema.js";
import type { Topics } from "./topics.js";
import type { Awaitable, IfOptional, Received, Remote, Signal } from "./views.js";

/**
 * The provider's view: one function per member. What a handler throws, the caller gets as a `RemoteError` with its message, name,
 * `code` and `data`. A member that is `optional()` may be left out.
 */
export type Handlers<C extends Contract> = {
  readonly [K in keyof C["members"] as C["members"][K] extends { readonly optional: true } ? never : K]: Handler<C["members"][K]>;
} & {
  readonly [K in keyof C["members"] as IfOptional<C["members"][K], K>]?: Handler<C["members"][K]> | undefined;
};
/** One function of Handlers. */
export type Handler<M> =
  M extends Method<infer I, infer O>
    ? (input: Received<OutputOf<I>>, context: CallContext) => Awaitable<InputOf<O>>
    : M extends Stream<infer I, infer O>
      ? (input: Received<OutputOf<I>>, context: CallContext) => AsyncIterable<InputOf<O>>
      : M extends Notification<infer I>
        ? (input: Received<OutputOf<I>>, context: CallContext) => Awaitable<void>
        : never;

/** What a handler is told beside its input. */
export interface CallContext {
  /** Aborts when the caller cancels, times out or disconnects. */
  readonly signal: Signal;
  /** The connection this call arrived on; dispense from it to call back. */
  readonly peer: Dispenser;
  /** The plugin that calls, as its host knows it: by the connection, whatever the message says. Undefined in a plugin's own handlers. */
  readonly plugin: PluginIdentity | undefined;
}

/** A plugin as its host knows it. */
export interface PluginIdentity {
  /** For a client of its own: the command, as sentences have it. */
  readonly id: string;
  /** Tells a plugin's process from the others of this host, and from the next one with the same id. */
  readonly instance: string;
}

/** What dispensing gives: of a contract a function per member, of a set of topics the bus of the host. */
export type Dispensed<C> = C extends Topics ? RemoteBus<C> : C extends Contract ? Remote<C> : never;

/** The part of a connection that makes remotes. */
export interface Dispenser {
  /**
   * Makes one function for each member of the contract; of a set of topics, from a plugin, the bus of its host.
   * @throws {PluginError} `NOT_PROVIDED` If the other side lacks the contract or a member, which it names.
   */
  dispense<C extends Contract | Topics>(contract: C): Dispensed<C>;
}

/** What `configure` of a plugin is given beside the configuration. */
export interface ConfigureContext {
  /** The host, for calls outside of handlers: while `configure` runs, and later, for as long as the connection is there. */
  readonly peer: Dispenser;
  /** Aborts when that connection ends, with a PluginError that says how; from then on calls are refused with `NOT_SENT`. */
  readonly signal: Signal;
}
