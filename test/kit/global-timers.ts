// In place of src/util/timers.ts, which no fake timers reach, for a test that has them:
// vi.mock("../../src/util/timers.js", () => import("../kit/global-timers.js"));

export const setTimeout: typeof globalThis.setTimeout = ((...args: Parameters<typeof globalThis.setTimeout>) =>
  globalThis.setTimeout(...args)) as typeof globalThis.setTimeout;
export const clearTimeout: typeof globalThis.clearTimeout = (timer) => globalThis.clearTimeout(timer);
export const setInterval: typeof globalThis.setInterval = ((...args: Parameters<typeof globalThis.setInterval>) =>
  globalThis.setInterval(...args)) as typeof globalThis.setInterval;
export const clearInterval: typeof globalThis.clearInterval = (timer) => globalThis.clearInterval(timer);
export const setImmediate: typeof globalThis.setImmediate = ((...args: Parameters<typeof globalThis.setImmediate>) =>
  globalThis.setImmediate(...args)) as typeof globalThis.setImmediate;
export const nextTick: typeof process.nextTick = (task, ...args) => process.nextTick(task, ...args);
export const now = (): number => performance.now();
