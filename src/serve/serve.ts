import { loadServing } from "./load-serving.js";
import type { ServeOptions } from "./options.js";

/**
 * Runs this process as a plugin. Resolves when told to stop, so that your clean-up runs; the process exits 0 then, at the
 * latest after the grace period, whatever still holds it. Explains itself and exits 1 if run by hand, and with
 * `MORTISE_STANDALONE=1` serves all the same: it says on stderr how a host attaches, and stops at Ctrl+C.
 *
 * Announces itself on stdout; its own words go to stderr.
 * @throws {TypeError | RangeError} An option that is unknown or wrong.
 * @example await serve({ provides: [implement(greeter, { greet: ({ name }) => `Hello, ${name}!` })] });
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { runPlugin } = await loadServing();
  await runPlugin(options);
}
