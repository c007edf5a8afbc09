import { PluginError, type PluginErrorCode, RemoteError } from "../errors.js";

/** One plugin's answer to an action, failure included. */
export type Reply<T> =
  | { readonly pluginId: string; readonly order: number; readonly ok: true; readonly value: T }
  /** `order`: the place among those asked, in load order. */
  | { readonly pluginId: string; readonly order: number; readonly ok: false; readonly error: PluginError };

/**
 * Makes one result of the replies to an action, which come in the order in which they arrive. To return early cancels the rest.
 * @param action The action's name, for sentences.
 */
export type Strategy<T, R> = (replies: AsyncIterable<Reply<T>>, action: string) => Promise<R>;

/**
 * Resolves with the first success. The default.
 * @throws {PluginError} `NOT_PROVIDED` if no one answers that action; the error itself where one was asked and failed; where several
 *   were asked and all failed, one with an AggregateError of theirs as its cause.
 */
export async function first<T>(replies: AsyncIterable<Reply<T>>, action = "the action"): Promise<T> {
  const failures: FailedReply[] = [];
  for await (const reply of replies) {
    if (reply.ok) return reply.value;
    failures.push(reply);
  }
  throw allFailed(failures, action);
}

/** Resolves with every reply, failures included, in the order in which they arrived; `[]` where no one answers. */
export async function collect<T>(replies: AsyncIterable<Reply<T>>): Promise<Reply<T>[]> {
  const all: Reply<T>[] = [];
  for await (const reply of replies) all.push(reply);
  return all;
}

/**
 * Resolves with all successes merged into one value, in load order: objects member by member, and of anything else the later one.
 * @throws {PluginError} As `first`, where there is no success.
 */
export async function deepMerge<T>(replies: AsyncIterable<Reply<T>>, action = "the action"): Promise<T> {
  const all = (await collect(replies)).sort((a, b) => a.order - b.order);
  const values = all.flatMap((reply) => (reply.ok ? [reply.value] : []));
  if (values.length === 0) throw allFailed(all.filter(isFailed), action);
  return values.reduce((merged, value) => merge(merged, value) as T);
}

type FailedReply = Extract<Reply<unknown>, { ok: false }>;

function isFailed(reply: Reply<unknown>): reply is FailedReply {
  return !reply.ok;
}

function allFailed(failures: readonly FailedReply[], action: string): PluginError {
  const [only] = failures;
  if (only === undefined) return new PluginError("NOT_PROVIDED", `Cannot run "${action}": no plugin answers it`);
  if (failures.length === 1) return only.error;
  const lines = failures.slice(0, 5).map(({ pluginId, error }) => `\n  ${pluginId}: ${error.message.split("\n", 1)[0]}`);
  const more = failures.length > lines.length ? `\n  and ${failures.length - lines.length} more` : "";
  const sentence = `Cannot run "${action}": all ${failures.length} plugins that answer it failed${lines.join("")}${more}`;
  const cause = new AggregateError(
    failures.map(({ error }) => error),
    sentence,
  );
  const code = commonCode(failures);
  return code === undefined
    ? new RemoteError(sentence, { remoteName: "AggregateError" }, { cause })
    : new PluginError(code, sentence, { cause });
}

/** The code that all failures have, if it is one that needs no data of its own. */
function commonCode(failures: readonly FailedReply[]): PluginErrorCode | undefined {
  const [code, ...others] = new Set(failures.map(({ error }) => error.code));
  return others.length === 0 && code !== "REMOTE_ERROR" ? code : undefined;
}

// Own members are read and defined one by one: a member called `__proto__` is one like any other, and reaches no prototype.
function merge(older: unknown, newer: unknown): unknown {
  if (!isPlainObject(older) || !isPlainObject(newer)) return newer;
  const merged: Record<string, unknown> = {};
  const set = (key: string, value: unknown): void => {
    Object.defineProperty(merged, key, { value, enumerable: true, configurable: true, writable: true });
  };
  for (const [key, value] of Object.entries(older)) set(key, value);
  for (const [key, value] of Object.entries(newer)) set(key, Object.hasOwn(older, key) ? merge(older[key], value) : value);
  return merged;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}
