import * as contract from "../contract/index.js";
import { EnvName } from "../handshake/env-names.js";

export type Serving = typeof import("./serving.js");

/** Beside `dist/plugin.js`: `serving` as a script. */
const SCRIPT = "chunks/plugin/serving.cjs";
/** And what V8 made of it: a SHA-256 of both, then V8's own form. In its name the version of V8 has Node.js's patches to it. */
const COMPILED = `chunks/plugin/serving-${process.versions.v8}-${process.platform}-${process.arch}.cache`;
const DIGEST_BYTES = 32;
// V8 11 shows the name that it was compiled under, so that cannot be where the package is.
const NAME = `mortise/dist/${SCRIPT}`;

/** The script's value: a module's body, given what it imports. */
type Body = (require: (name: string) => object | undefined, load: (name: string) => Promise<unknown>, exports: Partial<Serving>) => void;

/**
 * What serves, from the form that V8 gave it when this package was built: for a plugin's start that is 6 ms less of parsing and compiling.
 * Undefined where there is none for this Node.js, in a program that was joined into one file, and where more than this is to be loaded.
 *
 * V8 refuses what it made with other flags (`--max-old-space-size` is one); then the script is compiled like any other. It does not see
 * damage, which would end the process: hence the digest.
 */
export function loadCompiled(): Serving | undefined {
  const body = readBody();
  if (body === undefined) return undefined;
  const exports = {};
  body(
    (name) => (name === "mortise/contract" ? contract : name === "node:tls" ? late(name) : process.getBuiltinModule(name)),
    (name) => import(name),
    exports,
  );
  return exports as Serving;
}

function readBody(): Body | undefined {
  // Not createRequire(), which costs a part of what is gained. This came with Node.js 20.16.
  const builtin = process.getBuiltinModule as typeof process.getBuiltinModule | undefined;
  const { dirname } = import.meta;
  if (builtin === undefined || dirname === undefined || !isPlainStart()) return undefined;
  try {
    const { readFileSync } = builtin("node:fs");
    const compiled = readFileSync(`${dirname}/${COMPILED}`);
    const script = readFileSync(`${dirname}/${SCRIPT}`);
    const cachedData = compiled.subarray(DIGEST_BYTES);
    const digest = builtin("node:crypto").createHash("sha256").update(script).update(cachedData).digest();
    if (!digest.equals(compiled.subarray(0, DIGEST_BYTES))) return undefined;
    // The script is in ASCII: nothing is to be decoded.
    return new (builtin("node:vm").Script)(script.toString("latin1"), { filename: NAME, cachedData }).runInThisContext() as Body;
  } catch {
    return undefined;
  }
}

/** A WebSocket needs files that share code with `serving`; whoever is started by hand has time. */
function isPlainStart(): boolean {
  return process.env[EnvName.secret] !== undefined && process.env[EnvName.transport] !== "websocket";
}

/** A builtin that is loaded once something is taken from it. */
function late(name: string): object {
  return new Proxy({}, { get: (_none, member) => Reflect.get(process.getBuiltinModule(name) as object, member) });
}
