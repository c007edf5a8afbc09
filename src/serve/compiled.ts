import * as contract from "../contract/index.js";
import { EnvName } from "../handshake/env.js";

/** How the build calls `serving` as a script, beside this file, and what V8 made of that. The version is V8's, with Node.js's own patches. */
const SCRIPT = "chunks/plugin/serving.cjs";
const COMPILED = `chunks/plugin/serving-${process.versions.v8}-${process.platform}-${process.arch}.cache`;

/** The script's value: a module's body, given what it imports. */
type Body = (require: (name: string) => object | undefined, load: (name: string) => Promise<unknown>, exports: object) => void;

/**
 * What serves, from the form that V8 gave it when this package was built: for a plugin's start that is 6 ms less of parsing and compiling.
 * Undefined where there is none for this Node.js, in a program that was joined into one file, and where more than this is to be loaded.
 *
 * V8 refuses what another version of it, or one with other flags, has made; then the script is compiled like any other.
 */
export function readCompiled<T extends object>(): T | undefined {
  // Not createRequire(), which costs a part of what is gained. It came with Node.js 20.16.
  const builtin = process.getBuiltinModule as typeof process.getBuiltinModule | undefined;
  const { dirname } = import.meta;
  if (builtin === undefined || dirname === undefined || !isPlainStart()) return undefined;
  try {
    const { readFileSync } = builtin("node:fs");
    const { Script } = builtin("node:vm");
    const cachedData = readFileSync(`${dirname}/${COMPILED}`);
    const filename = `${dirname}/${SCRIPT}`;
    // It is in ASCII: nothing is to be decoded.
    const body = new Script(readFileSync(filename, "latin1"), { filename, cachedData }).runInThisContext() as Body;
    const exports = {};
    body(
      (name) => (name === "mortise/contract" ? contract : name === "node:tls" ? late(() => builtin(name)) : builtin(name)),
      (name) => import(name),
      exports,
    );
    return exports as T;
  } catch {
    return undefined;
  }
}

/** A WebSocket needs files that share code with `serving`; whoever is started by hand has time. */
function isPlainStart(): boolean {
  return process.env[EnvName.secret] !== undefined && process.env[EnvName.transport] !== "websocket";
}

/** A module that is loaded once something is taken from it. */
function late(load: () => object): object {
  return new Proxy({}, { get: (_none, member) => Reflect.get(load(), member) });
}
