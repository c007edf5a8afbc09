// The checks of single client options. Each throws a TypeError or RangeError that names the option, and returns what is used.

import type { Command } from "../../executable/command.js";
import type { ResolvedHandshake } from "../../handshake/cookie.js";
import { isHandshakeName } from "../../handshake/env.js";
import type { StdioOptions } from "../../process/runtime.js";
import { readPath } from "../../util/path-option.js";
import { isOptions } from "../../util/plain-options.js";
import { showValue } from "../../util/show-value.js";

export function checkCommand(command: unknown): Command {
  const parts: unknown[] = Array.isArray(command) ? command : [command];
  if (parts.length === 0 || parts[0] === "" || !parts.every((part) => typeof part === "string")) {
    throw new TypeError("Cannot create a client: command must be the plugin's file, or a list of the file and its arguments");
  }
  if (parts.some((part) => (part as string).includes("\0"))) {
    throw new TypeError("Cannot create a client: command holds a NUL character, which no program can be given");
  }
  return typeof command === "string" ? command : (Object.freeze([...parts]) as unknown as Command);
}

/** How often a plugin is pinged, in milliseconds, and how long it may take to answer. */
export interface ResolvedHeartbeat {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export function checkHeartbeat(value: unknown, fallback: object | false): ResolvedHeartbeat | false {
  const heartbeat = value === undefined ? fallback : value;
  if (heartbeat === false) return false;
  if (!isOptions(heartbeat)) {
    throw new TypeError(`Cannot create a client: heartbeat is ${showValue(heartbeat)}, and it must be false, or intervalMs and timeoutMs`);
  }
  const { intervalMs, timeoutMs, ...others } = heartbeat as Partial<ResolvedHeartbeat>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new TypeError(`Cannot create a client: heartbeat has no option "${unknown}"; it has intervalMs and timeoutMs`);
  }
  return {
    intervalMs: checkDuration("heartbeat.intervalMs", intervalMs, 10_000),
    timeoutMs: checkDuration("heartbeat.timeoutMs", timeoutMs, 5_000),
  };
}

export function checkPorts(minPort: number | undefined, maxPort: number | undefined): { minPort: number; maxPort: number } {
  const any = minPort === 0 && (maxPort === 0 || maxPort === undefined);
  const range = any ? { minPort: 0, maxPort: 0 } : { minPort: minPort ?? 10_000, maxPort: maxPort ?? 25_000 };
  for (const [name, port] of Object.entries(range)) {
    if (!Number.isInteger(port) || port > 65_535 || port < (any ? 0 : 1)) {
      throw new RangeError(
        `Cannot create a client: ${name} is ${showValue(port)}, and it must be a port from 1 to 65535, or both 0 for any`,
      );
    }
  }
  if (range.minPort > range.maxPort)
    throw new RangeError(`Cannot create a client: minPort ${range.minPort} is above maxPort ${range.maxPort}`);
  return range;
}

export function checkCwd(cwd: unknown): string | undefined {
  if (cwd === undefined) return undefined;
  const path = readPath(cwd);
  if (path !== undefined && path !== "") return path;
  throw new TypeError(`Cannot create a client: cwd is ${showValue(cwd)}, and it must be a directory's path or file: URL`);
}

export function checkEnv(env: Readonly<Record<string, string>>, handshake: ResolvedHandshake): Readonly<Record<string, string>> {
  if (!isOptions(env)) throw new TypeError(`Cannot create a client: env is ${showValue(env)}, and it must be an object of names and texts`);
  for (const [name, value] of Object.entries(env)) {
    if (isHandshakeName(name, handshake)) {
      throw new TypeError(`Cannot create a client: env sets ${name}, which the handshake sets itself`);
    }
    if (typeof value !== "string" || value.includes("\0") || name === "" || /[=\0]/.test(name)) {
      throw new TypeError(`Cannot create a client: env has ${JSON.stringify(name)}, and names and values must be texts without NUL`);
    }
  }
  return { ...env };
}

export function checkInheritEnv(inheritEnv: unknown = true): boolean | readonly string[] {
  if (typeof inheritEnv === "boolean") return inheritEnv;
  if (Array.isArray(inheritEnv) && inheritEnv.every((name) => typeof name === "string")) return [...inheritEnv];
  const wanted = "true, false, or a list of the variables' names";
  throw new TypeError(`Cannot create a client: inheritEnv is ${showValue(inheritEnv)}, and it must be ${wanted}`);
}

export function checkStreams({
  stderr,
  syncStdout,
  syncStderr,
  stdin,
}: { readonly [K in keyof StdioOptions]?: StdioOptions[K] }): StdioOptions {
  for (const [name, stream] of Object.entries({ stderr, syncStdout, syncStderr })) {
    if (stream !== undefined) checkFunctions(name, stream, ["write", "on"]);
  }
  if (stdin !== undefined) checkFunctions("stdin", stdin, ["pipe", "on"]);
  return { stderr, syncStdout, syncStderr, stdin };
}

export function checkFunctions(name: string, value: unknown, methods: readonly string[]): void {
  const lacking = methods.filter((method) => typeof (value as Readonly<Record<string, unknown>> | null)?.[method] !== "function");
  if (lacking.length > 0) throw new TypeError(`Cannot create a client: ${name} has no function ${lacking.join(", ")}`);
}

export function checkFlag(name: string, value: unknown, fallback: boolean): boolean {
  const wanted = value ?? fallback;
  if (typeof wanted === "boolean" && value !== null) return wanted;
  throw new TypeError(`Cannot create a client: ${name} is ${showValue(value)}, and it must be true or false`);
}

export function checkDuration(
  name: string,
  value: number | undefined,
  fallback: number,
  { zero = false, infinite = false }: { readonly zero?: boolean; readonly infinite?: boolean } = {},
): number {
  const ms = value === undefined ? fallback : value;
  const fits = typeof ms === "number" && (zero ? ms >= 0 : ms > 0) && (infinite || ms !== Number.POSITIVE_INFINITY);
  if (fits) return ms;
  const wanted = `a number of milliseconds ${zero ? "from 0" : "above 0"}${infinite ? ", or Infinity" : ""}`;
  throw new RangeError(`Cannot create a client: ${name} is ${showValue(ms)}, and it must be ${wanted}`);
}
