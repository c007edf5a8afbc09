/** What this program runs on, as far as scripts could be run by it, too. */
export interface OwnProgram {
  /** What it is where it is an application of its own and no plain Node.js, for a sentence: `a single executable`. */
  readonly what: string | undefined;
  /** The variables with which its executable runs a script, and not the application; undefined where nothing has it do that. */
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** What is looked at of `process`, and of Bun and Deno. */
export interface Own {
  readonly versions: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Electron's: which of its processes this is. None where it runs as Node.js. */
  readonly type?: string | undefined;
  readonly pkg?: unknown;
  readonly __nexe?: unknown;
  getBuiltinModule?(id: string): unknown;
}
export interface Runtimes {
  readonly Bun?: { readonly main?: unknown } | undefined;
  readonly Deno?: { readonly build?: { readonly standalone?: unknown } } | undefined;
}

const PLAIN: OwnProgram = { what: undefined, env: {} };
const RUN_AS_NODE = "ELECTRON_RUN_AS_NODE";
// Where Bun keeps what it has compiled into an executable, on Windows with a drive before it.
const IN_BUN_EXECUTABLE = /^([A-Z]:[\\/]~BUN|\/\$bunfs)[\\/]/;

/** Says what this program runs on: `process.execPath` is not always Node.js. */
export function ownProgram(own: Own = process as unknown as Own, { Bun, Deno }: Runtimes = globalThis as Runtimes): OwnProgram {
  if (own.versions["electron"] !== undefined) return electron(own);
  if (own.versions["nw"] !== undefined) return { what: "an application of NW.js", env: undefined };
  if (own.pkg !== undefined) return { what: "an executable made by pkg", env: undefined };
  if (own.__nexe !== undefined) return { what: "an executable made by nexe", env: undefined };
  if (Deno?.build?.standalone === true) return { what: "an executable made by deno compile", env: undefined };
  if (typeof Bun?.main === "string" && IN_BUN_EXECUTABLE.test(Bun.main)) {
    return { what: "an executable made by bun build", env: { BUN_BE_BUN: "1" } };
  }
  const sea = own.getBuiltinModule?.("node:sea") as { isSea?(): boolean } | undefined;
  return sea?.isSea?.() === true ? { what: "a single executable", env: undefined } : PLAIN;
}

/** With the variable set, a main process is there only where the fuse `runAsNode` is off. */
function electron({ type, env }: Own): OwnProgram {
  const isFuseOff = type === "browser" && env[RUN_AS_NODE] !== undefined;
  return { what: "an application of Electron", env: isFuseOff ? undefined : { [RUN_AS_NODE]: "1" } };
}
