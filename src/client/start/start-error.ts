import { relative, resolve } from "node:path";
import { isPluginError, type PluginErrorCode, StartError, type StartStep } from "../../errors.js";
import { currentDir } from "../../executable/current-dir.js";
import type { Executable } from "../../executable/executable.js";
import { typedName } from "../../executable/search-path.js";
import { abridge, wholeCommand } from "../../executable/shown-command.js";
import { Declined } from "../../handshake/declined.js";
import { lastLine } from "../../output/tail.js";
import { escapeControls } from "../../util/text/escape-controls.js";
import type { ResolvedClientOptions } from "../options/options.js";
import { NotListening } from "./dial-retry.js";
import { type Failure, isLoss, mayBeExit, TimeUp } from "./failure.js";
import { startReason } from "./start-reason.js";

// The command in the sentence is to be run as it stands, if it is not absurdly long.
const MAX_BY_HAND = 1_000;

const WHEN: Readonly<Record<StartStep, string>> = {
  options: "before it was run",
  checksum: "before it was run",
  spawn: "before its process was there",
  announcement: "before announcing an address",
  connect: "before it could be reached",
  hello: "during the handshake",
  ready: "while it configured itself",
};

/** The error that a start rejects with: what was attempted, what is so, and what to do. */
export function startError(failure: Failure, options: ResolvedClientOptions): StartError {
  const { error, step, exit, stderrTail } = failure;
  const details = {
    step,
    reason: startReason(failure),
    retryAfterMs: error instanceof Declined ? error.retryAfterMs : undefined,
    command: wholeCommand(options.command),
    exitCode: exit?.exitCode,
    signal: exit?.signal,
    stderrTail,
  };
  const lines = [
    `${options.reattach === undefined ? "Cannot start" : "Cannot attach to"} plugin "${options.shown}": ${why(failure, options)}`,
    ...remarks(failure, options).map((remark) => `  ${remark}`),
  ];
  // Much of it is the plugin's own text, and is read in a terminal.
  return new StartError(codeOf(failure), escapeControls(lines.join("\n")), details, { cause: error });
}

function codeOf({ error, step, exit }: Failure): PluginErrorCode {
  if (error instanceof TimeUp) return "START_TIMEOUT";
  if (isPluginError(error, "VERSION_MISMATCH") || isPluginError(error, "BAD_HANDSHAKE")) return error.code;
  if (isPluginError(error, "CHECKSUM_MISMATCH")) return error.code;
  if (exit === undefined && isPluginError(error, "CALL_TIMEOUT")) return "START_TIMEOUT";
  return exit === undefined && isLoss(error) && step === "hello" ? "BAD_HANDSHAKE" : "START_FAILED";
}

function why({ error, step, exit }: Failure, { shown }: ResolvedClientOptions): string {
  if (error instanceof TimeUp) return `it timed out after ${error.ms} ms, ${WHEN[step]}`;
  if (exit !== undefined && mayBeExit(error)) {
    return `it ${exit.signal === null ? `exited with code ${exit.exitCode}` : `was ended by ${exit.signal}`} ${WHEN[step]}`;
  }
  if (!isLoss(error)) return error.message;
  // Without a cause the connection was closed in order.
  const { cause } = error as { cause?: Error };
  const prefix = `Closed the connection to plugin "${shown}": `;
  if (cause?.message.startsWith(prefix)) return cause.message.slice(prefix.length);
  return cause === undefined ? `it closed the connection ${WHEN[step]}` : `${cause.message} ${WHEN[step]}`;
}

function remarks({ error, step, exit, announced, stderrTail, noise, executable }: Failure, options: ResolvedClientOptions): string[] {
  const waiting = step === "announcement" && !announced;
  const last = lastLine(stderrTail);
  const endedMutely = announced && last === undefined && options.reattach === undefined && (exit !== undefined || isLoss(error));
  const late = isPluginError(error, "CALL_TIMEOUT") || error instanceof NotListening;
  const silence = error instanceof TimeUp ? "stdout held nothing" : "";
  return [
    waiting ? noise || silence : "",
    last === undefined ? "" : `last stderr line: ${last.slice(0, 500)}`,
    waiting && options.runtime === undefined ? `Run it by hand to see the full output: ${byHand(options, executable)}` : "",
    error instanceof Declined && error.retryAfterMs !== undefined ? `It says to start it again in ${error.retryAfterMs} ms.` : "",
    endedMutely ? "It said nothing on stderr, where it could say why." : "",
    late ? "If it only needs longer, raise limits.helloTimeoutMs." : "",
    error instanceof TimeUp && step !== "spawn" ? "If it only needs longer, raise startTimeoutMs." : "",
  ].filter((remark) => remark !== "");
}

/** What ran, as a person can run it again. */
function byHand({ handshake, command, cwd }: ResolvedClientOptions, executable: Executable | undefined): string {
  const { runner: [file, ...before] = [], env = {} } = executable ?? {};
  const runner = file === undefined ? [] : [typedName(file, process.env["PATH"]), ...before];
  const words = [...runner, ...command].map(quote);
  const variables = Object.entries({ ...env, [handshake.magicCookieKey]: handshake.magicCookieValue });
  const set = variables.map(([name, value]) => `${name}=${quote(value)} `).join("");
  return `${cwd === undefined ? "" : enter(cwd)}${set}${abridge(words, MAX_BY_HAND)}`;
}

function enter(cwd: string): string {
  let path: string;
  try {
    path = relative(currentDir(), resolve(cwd));
  } catch {
    return `cd ${quote(cwd)} && `; // There is nothing that it could be relative to.
  }
  return path === "" ? "" : `cd ${quote(path.startsWith("..") ? resolve(cwd) : path)} && `;
}

/** A word as a shell takes it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
