import { loadServing } from "./load-serving.js";
import type { ServeOptions } from "./options.js";

/**
 * Like serve(), for one executable holding several plugins: the first argument chooses.
 *
 * Without an argument, or with an unknown one, it lists the names on stderr and exits 1.
 * @throws {TypeError} If there is no plugin to choose from.
 * @example await serveMux({ kv: { provides: [kvStore] }, log: { provides: [logSink] } });
 */
export async function serveMux(plugins: Readonly<Record<string, ServeOptions>>): Promise<void> {
  const { runOneOf } = await loadServing();
  await runOneOf(plugins);
}
