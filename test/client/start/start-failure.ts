import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Client, StartError } from "../../../src/index.js";
import { rejection } from "../../kit/fixtures.js";
import { isAlive, isGuardian } from "../../kit/gate.js";

/** What a start rejects with; fails unless it left nothing behind. A fixture that says `pid 123` on stderr is dead by then. */
export async function startFailure(client: Client): Promise<StartError> {
  const error = (await rejection(client.start())) as unknown as StartError;
  expect(error).toBeInstanceOf(StartError);
  const pid = /^pid (\d+)$/m.exec(error.stderrTail)?.[1];
  if (pid !== undefined) expect(isAlive(pid), "the process is dead").toBe(false);
  expect(livingChildren(), "it left no process").toEqual([]);
  expect(client.state).toBe("closed");
  expect(await client.closed).toEqual({ kind: "failed", error });
  return error;
}

/**
 * What a start rejects with whose time is over once something is so, and which time that was. On a loaded machine a plugin needs
 * longer to get there: it is given more until it does.
 */
export async function lateStart(
  isThere: (error: StartError) => boolean,
  clientWith: (startTimeoutMs: number) => Client,
): Promise<{ readonly error: StartError; readonly ms: number }> {
  for (let ms = 600; ; ms *= 3) {
    const error = await startFailure(clientWith(ms));
    if (isThere(error) || ms > 20_000) return { error, ms };
  }
}

/** The parts of an error that callers branch on. */
export function gist({ code, step, exitCode, signal }: StartError): object {
  return { code, step, exitCode, signal };
}

/** The first line of an error's sentence, without the plugin's name. */
export function reason({ message }: Error): string {
  return (message.split("\n")[0] as string).replace(/^Cannot start plugin ".*?": /, "");
}

/** The processes that this one started and that are alive at this moment, but for the guardian, which takes a moment to end. */
export function livingChildren(): string[] {
  if (process.platform !== "linux") return [];
  return readFileSync(`/proc/self/task/${process.pid}/children`, "utf8")
    .split(" ")
    .filter((pid) => pid !== "" && isAlive(pid) && !isGuardian(pid));
}
