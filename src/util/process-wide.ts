/**
 * What there is once in a process, whichever entry point or copy of the package asks for it first; that one's `make` makes it.
 *
 * Each entry point is a bundle of its own, and a program may load two copies of the package: a variable of a module would be there as
 * often. `name` ends in a version: whoever changes what its users have in common changes that.
 */
export function processWide<T extends object>(name: `${string}/${number}`, make: () => T): T {
  const key = Symbol.for(`mortise.${name}`);
  const shared = globalThis as { [key: symbol]: T | undefined };
  const found = shared[key];
  if (found !== undefined) return found;
  const value = make();
  // Not enumerable: a program that lists its globals has no use for it.
  Object.defineProperty(shared, key, { value, configurable: true });
  return value;
}

/** Gives whole numbers from 1, each of them once in this process. */
export function processCounter(name: `${string}/${number}`): () => number {
  const counter = processWide(name, () => ({ last: 0 }));
  return () => ++counter.last;
}
