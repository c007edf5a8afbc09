/** What needs of a plugin's say. */
interface Needing {
  readonly id: string;
  readonly needs: readonly string[];
}

/**
 * Looks for a circle among plugins that need each other.
 * @returns Its path, which ends where it began; undefined if there is none.
 */
export function findCircle(plugins: Iterable<Needing>): string[] | undefined {
  const needs = new Map([...plugins].map(({ id, needs: ids }) => [id, ids]));
  const done = new Set<string>();
  const way: string[] = [];
  const search = (id: string): string[] | undefined => {
    if (way.includes(id)) return [...way.slice(way.indexOf(id)), id];
    if (done.has(id)) return undefined;
    way.push(id);
    for (const next of needs.get(id) ?? []) {
      const circle = search(next);
      if (circle !== undefined) return circle;
    }
    way.pop();
    done.add(id);
    return undefined;
  };
  for (const id of needs.keys()) {
    const circle = search(id);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** @throws {TypeError} With the circle's path. */
export function refuseCircle(plugins: Iterable<Needing>): void {
  const circle = findCircle(plugins);
  if (circle === undefined) return;
  throw new TypeError(`Cannot load plugins that need each other in a circle: ${circle.map((id) => `"${id}"`).join(" needs ")}`);
}

/** Ids of those that need a plugin, directly or by others; whoever comes first needs no one who comes later. */
export function dependentsOf(id: string, plugins: readonly Needing[]): string[] {
  const found: string[] = [];
  const search = (needed: string): void => {
    for (const plugin of plugins) {
      if (!plugin.needs.includes(needed) || found.includes(plugin.id)) continue;
      search(plugin.id);
      found.push(plugin.id);
    }
  };
  search(id);
  return found;
}
