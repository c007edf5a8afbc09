import { performance } from "node:perf_hooks";
import timers from "node:timers";

// The globals of these names may be others: jsdom's, an Electron renderer's or a vm context's have no unref(), and a test's fake timers
// stand still. What Node.js has is taken once, when this is loaded: a fake that is put into its modules later does not reach it, either.

export const setTimeout: typeof timers.setTimeout = timers.setTimeout;
export const clearTimeout: typeof timers.clearTimeout = timers.clearTimeout;
export const setInterval: typeof timers.setInterval = timers.setInterval;
export const clearInterval: typeof timers.clearInterval = timers.clearInterval;
export const setImmediate: typeof timers.setImmediate = timers.setImmediate;
/** Runs a task before anything else that waits, and before promises go on. */
export const nextTick: typeof process.nextTick = process.nextTick;
/** Monotonic milliseconds since this process began. */
export const now: () => number = performance.now.bind(performance);
