import * as contract from "../contract/index.js";
import { EnvName } from "../handshake/env-names.js";
import * as installed from "../joined/installed.js";
import { openEntry } from "./compile-cache.js";

export type Serving = typeof import("./serving.js");
/** The script also has what keeps V8's form of it. */
type Exports = Serving & typeof import("./keep-compiled.js");

/** Beside `dist/plugin.js`: `serving` as a script. */
const SCRIPT = "chunks/plugin/serving.cjs";
// The same wherever the package is, as what V8 keeps is: V8 11 shows the name that it was compiled under.
const NAME = `mortise/dist/${SCRIPT}`;

/** The script's value: a module's body, given what it imports. */
type Body = (require: (name: string) => object | undefined, load: (name: string) => Promise<unknown>, exports: Partial<Exports>) => void;

/**
 * What serves, from the form that V8 gave it at an earlier start on this machine, which is kept in the user's cache: for a plugin's start
 * that is a sixth less of its processor time. Where there is none yet, it is made of what this start calls.
 *
 * Undefined, so that it is loaded as a module, before Node.js 20.16, in Bun and Deno, in a program that was joined into one file, and where
 * more than this is to be loaded.
 */
export function loadCompiled(): Serving | undefined {
  // Not createRequire(), which costs a part of what is gained. This came with Node.js 20.16.
  const builtin = process.getBuiltinModule as typeof process.getBuiltinModule | undefined;
  const { dirname } = import.meta;
  if (builtin === undefined || dirname === undefined || !isNodeJs() || !isPlainStart()) return undefined;
  const text = readScript(`${dirname}/${SCRIPT}`, builtin);
  if (text === undefined) return undefined;
  const entry = openEntry(text, builtin);
  const compiled = entry?.compiled;
  // The script is in ASCII: nothing is to be decoded.
  const script = new (builtin("node:vm").Script)(text.toString("latin1"), { filename: NAME, ...(compiled && { cachedData: compiled }) });
  const exports: Partial<Exports> = {};
  const given: Readonly<Record<string, object>> = {
    "mortise/contract": contract,
    "mortise/installed": installed,
    "node:tls": late("node:tls"),
  };
  (script.runInThisContext() as Body)(
    (name) => given[name] ?? builtin(name),
    // A bundler has nothing to look for: where it joined this in, there is no script beside it.
    (name) => import(/* webpackIgnore: true */ /* @vite-ignore */ name),
    exports,
  );
  const serving = exports as Exports;
  if (entry !== undefined && script.cachedDataRejected !== false) serving.keepCompiled(() => script.createCachedData(), entry.file);
  return serving;
}

function readScript(path: string, builtin: typeof process.getBuiltinModule): Buffer | undefined {
  try {
    return builtin("node:fs").readFileSync(path);
  } catch {
    return undefined;
  }
}

function isNodeJs(): boolean {
  return process.versions["bun"] === undefined && process.versions["deno"] === undefined;
}

/** A WebSocket needs files that share code with `serving`; whoever is started by hand has time. */
function isPlainStart(): boolean {
  return process.env[EnvName.secret] !== undefined && process.env[EnvName.transport] !== "websocket";
}

/** A builtin that is loaded once something is taken from it. */
function late(name: string): object {
  return new Proxy({}, { get: (_none, member) => Reflect.get(process.getBuiltinModule(name) as object, member) });
}
