import { AsyncResource } from "node:async_hooks";
import { processWide } from "./process-wide.js";

// As this package is loaded, which most programs do before they do anything for anybody.
const resource = processWide("neutral/1", () => new AsyncResource("mortise"));

/**
 * Runs something in nobody's asynchronous context. What a socket or a timer begins is else in the context of whoever made that: with
 * `AsyncLocalStorage` a handler would run, and a record be logged, as the user for whom the connection happened to be opened.
 */
export function inNeutral<A extends unknown[], R>(run: (...args: A) => R, self?: unknown, ...args: A): R {
  return resource.runInAsyncScope(run as (...args: unknown[]) => R, self, ...args);
}

/** The function, to be run in the context that there is now, whoever calls it. */
export function inThisContext<F extends (...args: never[]) => unknown>(run: F): F {
  return AsyncResource.bind(run as unknown as () => unknown, "mortise") as unknown as F;
}
