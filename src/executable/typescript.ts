/** Says whether a file is TypeScript by its name. */
export function isTypeScript(name: string): boolean {
  return /\.[cm]?ts$/.test(name);
}

/** What is looked at of `process`. */
interface Own {
  readonly argv: readonly string[];
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly features: object;
  getBuiltinModule?(id: string): unknown;
}

const LOADS = /^(--import|--require|-r|--loader|--experimental-loader|--(experimental-)?(strip|transform)-types)(=|$)/;

/**
 * Says whether what runs this program runs TypeScript, too: by itself, or by what was loaded into it, as tsx.
 * @param given The options of Node.js that were given for the plugin: what is loaded by them is expected to see to it.
 */
export function runsTypeScript(given: readonly string[], own: Own = process): boolean {
  const { bun, deno } = own.versions;
  if (bun !== undefined || deno !== undefined || given.some((option) => LOADS.test(option))) return true;
  if ((own.features as { readonly typescript?: unknown }).typescript) return true;
  const module = own.getBuiltinModule?.("node:module") as { readonly _extensions?: object } | undefined;
  return isTypeScript(own.argv[1] ?? "") || ".ts" in (module?._extensions ?? {});
}
