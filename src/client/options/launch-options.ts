// The options that say how a plugin's process is started. Each throws a TypeError or RangeError that names it, and returns what is used.

import type { Command } from "../../executable/command.js";
import type { ResolvedHandshake } from "../../handshake/cookie.js";
import { isHandshakeName } from "../../handshake/env.js";
import type { StdioOptions } from "../../process/runtime.js";
import { isFlag } from "../../util/options/flags.js";
import { withFunctions } from "../../util/options/functions.js";
import { mistake, nested, type OptionsSource, option, REQUIRED, wrong } from "../../util/options/source.js";

export function readCommand(from: OptionsSource): Command {
  const command = option(from, "command", REQUIRED, isCommand, "the plugin's file, or a list of the file and its arguments");
  if ([command].flat().some((part) => part.includes("\0"))) throw mistake(from, `command ${HOLDS_NUL}`);
  return typeof command === "string" ? command : ([...command] as const as Command);
}

const HOLDS_NUL = "holds a NUL character, which no program can be given";

function isCommand(value: unknown): value is Command {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return parts.length > 0 && parts[0] !== "" && parts.every((part) => typeof part === "string");
}

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
