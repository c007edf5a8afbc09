import { isPluginError, PluginError, type PluginErrorCode, RemoteError, ValidationError, VetoError } from "../../errors.js";
import { isTooLong, type WireError } from "../../wire/encode.js";
import { codeOf, WireCode } from "../../wire/error-codes.js";
import { cutLong, heard } from "./heard.js";

const MAX_DATA = 64 * 1024;
const MAX_CAUSES = 5;
/** Of what does not fit a schema. */
export const MAX_ISSUES = 100;
const MAX_STEPS = 64;

/** What a handler threw, as it goes over the wire: its own text, name, code, data and causes, and never its stack. */
export function toWireError(thrown: unknown): WireError {
  // The one code a handler may answer with: refusing a caller is the application's own business.
  const code = isPluginError(thrown, "UNAUTHORIZED") ? WireCode.unauthorized : WireCode.handlerThrew;
  const { message, ...data } = describeThrown(thrown, MAX_CAUSES);
  return { code, message, data };
}

/** The first line of what something thrown says, for a sentence. Never throws. */
export function textOfThrown(thrown: unknown): string {
  return cutLong(messageOf(thrown)).split("\n", 1)[0] ?? "";
}

interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly data?: unknown;
  readonly cause?: Thrown;
}

function describeThrown(thrown: unknown, causesLeft: number): Thrown {
  // What was thrown on a third side goes on under its own name and code: whoever gets it branches on those.
  const [nameKey, codeKey] = isPluginError(thrown, "REMOTE_ERROR") ? ["remoteName", "remoteCode"] : ["name", "code"];
  const name = stringOf(read(thrown, nameKey)) ?? "Error";
  const message = cutLong(messageOf(thrown));
  const code = read(thrown, codeKey);
  const data = smallJson(read(thrown, "data"));
  const cause = causesLeft > 0 ? read(thrown, "cause") : undefined;
  return {
    name: name.slice(0, 128),
    message,
    ...(typeof code === "string" || typeof code === "number" ? { code: String(code).slice(0, 128) } : {}),
    ...(data === undefined ? {} : { data }),
    ...(cause === undefined || cause === null ? {} : { cause: describeThrown(cause, causesLeft - 1) }),
  };
}

// Whatever was thrown, a proxy or an object with throwing getters too, describing it must not throw.
function read(value: unknown, key: string): unknown {
  try {
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(thrown: unknown): string {
  const message = read(thrown, "message");
  return typeof message === "number" ? String(message) : (stringOf(message) ?? textOf(thrown));
}

function textOf(thrown: unknown): string {
  try {
    const text: string | undefined = typeof thrown === "object" && thrown !== null ? JSON.stringify(thrown) : String(thrown);
    if (text !== undefined) return text;
  } catch {
    // A cycle, or a toJSON that throws.
  }
  return "something that has no text was thrown";
}

function smallJson(value: unknown): unknown {
  if (value === undefined || typeof value === "function") return undefined;
  try {
    const text: string | undefined = JSON.stringify(value);
    return text === undefined || isTooLong(text, MAX_DATA) ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** Who answered. */
export interface Answerer {
  /** The other side, for sentences. */
  readonly other: string;
  /** Its id, where it is a plugin. */
  readonly plugin: string | undefined;
}

/** The error that a caller gets for an error answer, whatever that looks like. */
export function fromWireError(error: unknown, method: string, { other, plugin }: Answerer): PluginError {
  const code = read(error, "code");
  const wireCode = Number.isInteger(code) ? (code as number) : WireCode.internal;
  const text = heard(stringOf(read(error, "message")) ?? stringOf(error) ?? "the answer was an error of no known form");
  const data = read(error, "data");
  const kind = codeOf(wireCode);
  const situation = `Cannot call "${method}": ${other} ${SITUATIONS[kind] ?? "refused it"}`;
  const answered = kind === "REMOTE_ERROR" ? remoteError(text, data, { plugin, ...namesIn(method) }) : errorOf(kind, text, data, situation);
  // It lives as long as the error does.
  answers.set(answered, {
    text,
    data: kind === "INVALID_INPUT" ? smallJson(data) : undefined,
    retryAfterMs: numberIn(read(data, "retryAfterMs")),
  });
  return answered;
}

function errorOf(kind: PluginErrorCode, text: string, data: unknown, situation: string): PluginError {
  if (kind === "VETOED") return vetoError(text, data);
  if (kind === "INVALID_INPUT" || kind === "INVALID_OUTPUT") return new ValidationError(kind, text, issuesOf(data, text));
  return new PluginError(kind, `${situation}\n  it answered: ${text.replaceAll("\n", "\n    ")}`);
}

// From a plugin, without the id of whoever it was: the host knows that by the connection.
function vetoError(text: string, data: unknown): VetoError {
  const [pluginId = "", reason = text] = [shortOf(read(data, "plugin")), shortOf(read(data, "reason"))];
  return new VetoError(text, { pluginId, reason });
}

/** What the other side itself said in an answer. */
interface Answer {
  readonly text: string;
  /** Of an answer that refused an input: it may say more than issues. */
  readonly data: unknown;
  /** Of a plugin that declines to start. */
  readonly retryAfterMs: number | undefined;
}
const answers = new WeakMap<PluginError, Answer>();

/** The answer that an error was made of, for the handshake; none for an error of this side, such as that of a lost connection. */
export function answerOf(error: unknown): Answer | undefined {
  return isPluginError(error) ? answers.get(error) : undefined;
}

const SITUATIONS: Readonly<Record<string, string>> = {
  PROTOCOL_VIOLATION: "did not understand it",
  NOT_PROVIDED: "does not provide it",
  UNAUTHORIZED: "does not allow it",
  BUSY: "does too much at once, or is not ready yet",
  NOT_SENT: "is stopping, and did not run it",
  LIMIT_EXCEEDED: "found something too large",
  CANCELLED: "ended it, unasked",
};

/** Where an error comes from. */
type Origin = Pick<RemoteError, "plugin" | "contract" | "member">;

/** Of a full name, or of what was lent to it: `callback of kv.get`. */
function namesIn(method: string): Pick<Origin, "contract" | "member"> {
  const name = method.slice(method.lastIndexOf(" ") + 1);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? { contract: undefined, member: undefined } : { contract: name.slice(0, dot), member: name.slice(dot + 1) };
}

function remoteError(message: string, data: unknown, origin: Origin, causesLeft = MAX_CAUSES): RemoteError {
  const cause = causesLeft > 0 ? read(data, "cause") : undefined;
  const details = {
    remoteName: shortOf(read(data, "name")) ?? "Error",
    remoteCode: shortOf(read(data, "code")),
    data: smallJson(read(data, "data")),
    ...origin,
  };
  if (cause === undefined || cause === null) return new RemoteError(message, details);
  const text = heard(stringOf(read(cause, "message")) ?? "");
  return new RemoteError(message, details, { cause: remoteError(text, cause, origin, causesLeft - 1) });
}

function issuesOf(data: unknown, text: string): { message: string; path?: PropertyKey[] }[] {
  const issues = read(data, "issues");
  if (!Array.isArray(issues)) return [{ message: text }];
  return issues.slice(0, MAX_ISSUES).map((issue: unknown) => {
    const path = read(issue, "path");
    return {
      message: shortOf(read(issue, "message")) ?? "it does not fit",
      ...(Array.isArray(path) ? { path: path.slice(0, MAX_STEPS).flatMap(stepOf) } : {}),
    };
  });
}

function stepOf(step: unknown): (string | number)[] {
  return typeof step === "string" ? [cutLong(step)] : typeof step === "number" ? [step] : [];
}

function shortOf(value: unknown): string | undefined {
  return typeof value === "string" ? heard(value) : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
