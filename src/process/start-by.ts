import { showValue } from "../util/show-value.js";
import { type Exit, pidOf, type Running, type RunningProcess, type Runtime } from "./runtime.js";

/**
 * Starts a plugin by a user's own runtime, and gives what it started as the rooms above rely on it: its end is always told.
 * @throws {Error} What it rejects with, or that it rejected with something else than an error.
 */
export async function startBy(runtime: Runtime, request: Parameters<Runtime["start"]>[0]): Promise<Running> {
  let running: Running;
  try {
    running = await runtime.start(request);
  } catch (thrown) {
    throw asError(thrown);
  }
  if (typeof running !== "object" || running === null) {
    throw new Error(`its runtime started ${showValue(running)}, and must give an object of the type Running`);
  }
  if (typeof (running.exited as Partial<Promise<Exit>> | undefined)?.then !== "function") {
    throw new Error("what its runtime started has no promise exited, which tells when it is gone");
  }
  const pid = pidOf(running);
  const { id, stdin, stdout, stderr } = running;
  return {
    id,
    ...(pid === undefined ? {} : ({ pid, startTime: (running as Partial<RunningProcess>).startTime } satisfies Partial<RunningProcess>)),
    stdin,
    stdout,
    stderr,
    ...(typeof running.toHost === "function" ? { toHost: (address) => (running.toHost as NonNullable<Running["toHost"]>)(address) } : {}),
    exited: toldEnd(running.exited),
    signal: (name) => running.signal(name),
  };
}

// That it is gone is all that a rejection says.
function toldEnd(exited: Promise<Exit>): Promise<Exit> {
  return Promise.resolve(exited).then(
    (exit) => ({
      exitCode: typeof exit?.exitCode === "number" ? exit.exitCode : null,
      signal: typeof exit?.signal === "string" ? exit.signal : null,
    }),
    () => ({ exitCode: null, signal: null }),
  );
}

function asError(thrown: unknown): Error {
  try {
    if (typeof (thrown as Error | null | undefined)?.message === "string") return thrown as Error;
    return new Error(`its runtime rejected with ${showValue(thrown)}`, { cause: thrown });
  } catch {
    return new Error("its runtime rejected with something that may not be looked at", { cause: thrown });
  }
}
