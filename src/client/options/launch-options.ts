// The options that say how a plugin's process is started. Each throws a TypeError or RangeError that names it, and returns what is used.

import type { CommandLine } from "../../executable/command.js";
import type { ResolvedHandshake } from "../../handshake/cookie.js";
import { isHandshakeName } from "../../handshake/env.js";
import type { StdioOptions } from "../../process/runtime.js";
import { isFlag } from "../../util/options/flags.js";
import { withFunctions } from "../../util/options/functions.js";
import { list } from "../../util/options/lists.js";
import { pathOf } from "../../util/options/paths.js";
import { mistake, nested, type OptionsSource, option, REQUIRED, wrong } from "../../util/options/source.js";
import { isUrl } from "../../util/options/urls.js";

export function readCommand(from: OptionsSource): CommandLine {
  const wanted = "the plugin's file, as a path or file: URL, or a list of the file and its arguments";
  return readLine(from, "command", from.values["command"], wanted);
}

/** What runs a script; undefined where that is left to us. */
export function readInterpreter(from: OptionsSource): CommandLine | undefined {
  const { interpreter } = from.values;
  return interpreter === undefined ? undefined : readLine(from, "interpreter", interpreter, "a program, or a list of it and its arguments");
}

/** Options of what runs a script; undefined where they are left to us. */
export function readExecArgv(from: OptionsSource): readonly string[] | undefined {
  const { execArgv, runtime, interpreter } = from.values;
  if (execArgv === undefined) return undefined;
  if (runtime !== undefined && interpreter === undefined) {
    throw mistake(from, "execArgv is for an interpreter, which a runtime chooses by itself: give the interpreter as well");
  }
  const args = list(from, "execArgv", "a list of texts", (at, place) => option(at, place, REQUIRED, isText, "a text"));
  return withoutNul(from, "execArgv", args);
}

function readLine(from: OptionsSource, name: string, value: unknown, wanted: string): CommandLine {
  const parts = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  // A text among the arguments is as it is: it may be a URL that the plugin asks for.
  const [file, ...args] = parts.map((part, index) => (index > 0 && isText(part) ? part : pathOf(part)));
  if (file && args.every(isText)) return withoutNul(from, name, [file, ...args] as const);
  // A URL in a list that is none of a file is what is wrong, and not the list.
  throw wrong(from, name, parts.find((part) => isUrl(part) && pathOf(part) === undefined) ?? value, wanted);
}

function withoutNul<T extends readonly string[]>(from: OptionsSource, name: string, texts: T): T {
  if (texts.some((text) => text.includes("\0"))) throw mistake(from, `${name} ${HOLDS_NUL}`);
  return texts;
}

const HOLDS_NUL = "holds a NUL character, which no program can be given";

/** The ports that a plugin may take, ends included; 0 and 0 where any will do. */
export interface PortRange {
  readonly minPort: number;
  readonly maxPort: number;
}

export function readPorts(from: OptionsSource): PortRange {
  const { minPort = 10_000, maxPort } = from.values;
  const any = minPort === 0 && (maxPort === 0 || maxPort === undefined);
  if (any) return { minPort: 0, maxPort: 0 };
  const range = { minPort: portOf(from, "minPort", minPort), maxPort: portOf(from, "maxPort", maxPort ?? 25_000) };
  if (range.minPort <= range.maxPort) return range;
  throw new RangeError(`${from.attempt}: minPort ${range.minPort} is above maxPort ${range.maxPort}`);
}

function portOf(from: OptionsSource, name: string, port: unknown): number {
  if (Number.isInteger(port) && (port as number) >= 1 && (port as number) <= 65_535) return port as number;
  throw wrong(from, name, port, "a port from 1 to 65535, or both 0 for any", true);
}

export function readEnv(from: OptionsSource, handshake: ResolvedHandshake): Readonly<Record<string, string>> {
  const at = nested(from, "env", undefined, "an object of names and texts");
  const entries = Object.keys(at.values).map((name) => {
    if (isHandshakeName(name, handshake)) throw mistake(from, `env sets ${name}, which the handshake sets itself`);
    if (name === "" || /[=\0]/.test(name)) throw mistake(from, `env has the name ${JSON.stringify(name)}, which no variable can have`);
    const text = option(at, name, REQUIRED, isText, "a text");
    // The text is not shown: it may be a secret.
    if (text.includes("\0")) throw mistake(from, `env.${name} ${HOLDS_NUL}`);
    return [name, text];
  });
  return Object.fromEntries(entries) as Record<string, string>;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

export function readInheritEnv(from: OptionsSource): boolean | readonly string[] {
  const inheritEnv = option(from, "inheritEnv", true, isInherited, "true, false, or a list of the variables' names");
  return typeof inheritEnv === "boolean" ? inheritEnv : [...inheritEnv];
}

function isInherited(value: unknown): value is boolean | readonly string[] {
  return isFlag(value) || (Array.isArray(value) && value.every(isText));
}

export function readStreams(from: OptionsSource): StdioOptions {
  const writable = (name: string): StdioOptions["stderr"] => withFunctions(from, name, ["write", "on"]);
  return {
    stderr: writable("stderr"),
    syncStdout: writable("syncStdout"),
    syncStderr: writable("syncStderr"),
    stdin: withFunctions(from, "stdin", ["pipe", "on"]),
  };
}
