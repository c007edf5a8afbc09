import type { Runtime } from "../process/runtime.js";
import { type OptionsSource, wrong } from "../util/options/source.js";

/** How plugins are run: `none` runs nothing, `local` runs child processes, any other name is that of a runtime given to the host. */
export type RuntimeProvider = "none" | "local" | "sprites" | (string & {});

const KNOWN = ["none", "local", "sprites"] as const;

/**
 * Reads the name of a runtime provider as a configuration has it: in any case, with blanks around it; nothing is `local`.
 * @throws {TypeError} Naming those that there are.
 */
export function parseRuntimeProvider(text: string): RuntimeProvider {
  const name = typeof text === "string" ? text.trim().toLowerCase() : text;
  if (name === "") return "local";
  const known = KNOWN.find((each) => each === name);
  if (known !== undefined) return known;
  throw new TypeError(`Cannot parse the runtime provider ${JSON.stringify(text)}: there are ${KNOWN.join(", ")}`);
}

/** The options `runtimeProvider` and `runtimes` together. Undefined where nothing may be run. @throws {TypeError} */
export function readRuntime(from: OptionsSource): Runtime | "local" | undefined {
  const { runtimeProvider: provider = "local", runtimes = {} } = from.values as {
    readonly runtimeProvider?: unknown;
    readonly runtimes?: Readonly<Record<string, unknown>>;
  };
  const registered = typeof runtimes === "object" && runtimes !== null ? Object.entries(runtimes) : undefined;
  if (registered === undefined || !registered.every(([, runtime]) => isRuntime(runtime))) {
    throw wrong(from, "runtimes", runtimes, "an object of runtimes, each with a function start");
  }
  if (isRuntime(provider)) return provider;
  if (typeof provider !== "string")
    throw wrong(from, "runtimeProvider", provider, 'the name of a runtime, as "local", or a runtime with a function start');
  const own = registered.find(([name]) => name === provider);
  if (own !== undefined) return own[1] as Runtime;
  if (provider === "local") return "local";
  if (provider === "none") return undefined;
  const names = ["none", "local", ...registered.map(([name]) => name)].join(", ");
  throw wrong(from, "runtimeProvider", provider, `one of ${names}: give a runtime of that name in runtimes`);
}

function isRuntime(value: unknown): value is Runtime {
  return typeof (value as Partial<Runtime> | null)?.start === "function";
}
