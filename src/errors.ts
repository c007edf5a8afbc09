import type { StandardSchemaV1 } from "@standard-schema/spec";

/** Every failure a user can meet. `docs/errors.md` has a heading for each. */
export type PluginErrorCode =
  | "START_FAILED"
  | "START_TIMEOUT"
  | "BAD_HANDSHAKE"
  | "VERSION_MISMATCH"
  | "CHECKSUM_MISMATCH"
  | "UNAUTHORIZED"
  | "NOT_SENT"
  | "CONNECTION_LOST"
  | "CONNECTION_CLOSED"
  | "PROTOCOL_VIOLATION"
  | "LIMIT_EXCEEDED"
  | "BUSY"
  | "CANCELLED"
  | "NOT_PROVIDED"
  | "NOT_FOUND"
  | "BAD_MANIFEST"
  | "BAD_ARCHIVE"
  | "INSTALL_FAILED"
  | "INCOMPATIBLE"
  | "STORE_LOCKED"
  | "STORE_FAILED"
  | "INVALID_INPUT"
  | "INVALID_OUTPUT"
  | "CALL_TIMEOUT"
  | "NOT_READY"
  | "UNKNOWN_PLUGIN"
  | "CONFLICT"
  | "VETOED"
  | "UNREACHABLE"
  | "REMOTE_ERROR";

/** The class that carries a code's data. */
export type ErrorOf<K extends PluginErrorCode> = (K extends "REMOTE_ERROR"
  ? RemoteError
  : K extends "INVALID_INPUT" | "INVALID_OUTPUT"
    ? ValidationError
    : K extends "NOT_READY"
      ? NotReadyError
      : K extends "CONFLICT"
        ? ConflictError
        : K extends "VETOED"
          ? VetoError
          : K extends "BAD_MANIFEST"
            ? ManifestError
            : K extends "INCOMPATIBLE"
              ? IncompatibleError
              : K extends "START_FAILED" | "START_TIMEOUT" | "BAD_HANDSHAKE" | "VERSION_MISMATCH" | "CHECKSUM_MISMATCH"
                ? StartError
                : PluginError) & { readonly code: K };

// A registered symbol, so that errors made by another copy of the package are known too.
const BRAND: unique symbol = Symbol.for("mortise.PluginError") as never;

/** What can go wrong at run time. Branch on `code`, never on the message. */
export class PluginError extends Error {
  /** What went wrong. */
  readonly code: PluginErrorCode;

  constructor(code: PluginErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** How far a start came. */
export type StartStep = "options" | "checksum" | "spawn" | "announcement" | "connect" | "hello" | "ready";

/** As in `SIGTERM`. Not the type of Node.js, which who only defines contracts may not have. */
export type SignalName = `SIG${string}`;

/** Why a start failed, for a program that decides what to do about it. `docs/errors.md` says what each is. */
export type StartReason =
  | "missing"
  | "permission"
  | "format"
  | "checksum"
  | "version"
  | "options"
  | "declined"
  | "resources"
  | "exited"
  | "silent"
  | "unreachable"
  | "untrusted";

// What may be otherwise the next time, though nothing was changed. The rest has to be mended first.
const PASSING: readonly StartReason[] = ["resources", "exited", "silent", "unreachable"];

/** The plugin never became ready. */
export class StartError extends PluginError {
  /** The step that failed. */
  readonly step: StartStep;
  /** Why it failed. */
  readonly reason: StartReason;
  /** In how many milliseconds a plugin that declined says that it may be started; undefined if it does not say. */
  readonly retryAfterMs: number | undefined;
  /** File and arguments, as they were run. */
  readonly command: string;
  /** The plugin's exit code; null if it still ran or was ended by a signal. */
  readonly exitCode: number | null;
  /** The signal that ended it, or null. */
  readonly signal: SignalName | null;
  /** The last lines that it wrote to stderr, at most 8 KiB. */
  readonly stderrTail: string;

  constructor(code: PluginErrorCode, message: string, details: StartDetails, options?: ErrorOptions) {
    super(code, message, options);
    this.step = details.step;
    this.reason = details.reason;
    this.retryAfterMs = details.retryAfterMs;
    this.command = details.command;
    this.exitCode = details.exitCode ?? null;
    this.signal = details.signal ?? null;
    this.stderrTail = details.stderrTail ?? "";
  }

  /** True where another start may go well though nothing is changed: what was short, slow or crashed, or a plugin that said when. */
  get retryable(): boolean {
    return this.retryAfterMs !== undefined || PASSING.includes(this.reason);
  }
}

/** What a {@link StartError} knows beside its sentence. */
export interface StartDetails {
  /** The step that failed. */
  readonly step: StartStep;
  /** Why it failed. */
  readonly reason: StartReason;
  /** After how long to try again, as the plugin said. @default none */
  readonly retryAfterMs?: number | undefined;
  /** File and arguments, as they were run. */
  readonly command: string;
  /** The plugin's exit code. @default null */
  readonly exitCode?: number | null | undefined;
  /** The signal that ended it. @default null */
  readonly signal?: SignalName | null | undefined;
  /** The last lines that it wrote to stderr. @default "" */
  readonly stderrTail?: string | undefined;
}

/** A value did not fit its schema. */
export class ValidationError extends PluginError {
  /** What did not fit, each with the path to the value. */
  readonly issues: readonly StandardSchemaV1.Issue[];

  constructor(
    code: "INVALID_INPUT" | "INVALID_OUTPUT",
    message: string,
    issues: readonly StandardSchemaV1.Issue[],
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.issues = issues;
  }
}

/** A handler on the other side threw. The message is that error's own text; its stack stays there. */
export class RemoteError extends PluginError {
  /** The `name` of the error that was thrown. */
  readonly remoteName: string;
  /** Its `code`, if it had one. */
  readonly remoteCode: string | undefined;
  /** Its `data`, if it had some that JSON can carry. */
  readonly data: unknown;
  /** The plugin whose handler it was, by its id: of a client of its own its command. Undefined for a handler of the host. */
  readonly plugin: string | undefined;
  /** The contract that was called; undefined where no handler threw it, as for an exception that ended a plugin. */
  readonly contract: string | undefined;
  /** Its member, likewise. */
  readonly member: string | undefined;

  constructor(message: string, details: RemoteErrorDetails, options?: ErrorOptions) {
    super("REMOTE_ERROR", message, options);
    this.remoteName = details.remoteName;
    this.remoteCode = details.remoteCode;
    this.data = details.data;
    this.plugin = details.plugin;
    this.contract = details.contract;
    this.member = details.member;
  }
}

/** What a {@link RemoteError} knows beside its text. */
export interface RemoteErrorDetails {
  /** The `name` of the error that was thrown. */
  readonly remoteName: string;
  /** Its `code`. @default none */
  readonly remoteCode?: string | undefined;
  /** Its `data`. @default none */
  readonly data?: unknown;
  /** The plugin whose handler it was. @default none */
  readonly plugin?: string | undefined;
  /** The contract that was called. @default none */
  readonly contract?: string | undefined;
  /** Its member. @default none */
  readonly member?: string | undefined;
}

/** Plugins that are required, or needed by another, are not active. */
export class NotReadyError extends PluginError {
  /** Each of them, and why it is not. */
  readonly plugins: readonly { readonly id: string; readonly reason: string }[];

  constructor(message: string, plugins: NotReadyError["plugins"], options?: ErrorOptions) {
    super("NOT_READY", message, options);
    this.plugins = plugins;
  }
}

/** What was asked for is another's already. */
export class ConflictError extends PluginError {
  /** The id of the plugin that holds it. */
  readonly holder: string;

  constructor(message: string, holder: string, options?: ErrorOptions) {
    super("CONFLICT", message, options);
    this.holder = holder;
  }
}

/** What a package says of its plugin cannot be used. */
export class ManifestError extends PluginError {
  /** Every fault, each with the JSON pointer to it; empty where it is the whole. */
  readonly issues: readonly { readonly pointer: string; readonly message: string }[];

  constructor(message: string, issues: ManifestError["issues"], options?: ErrorOptions) {
    super("BAD_MANIFEST", message, options);
    this.issues = issues;
  }
}

/** A package asks for another version of something than is there. */
export class IncompatibleError extends PluginError {
  /** What it asks for. */
  readonly range: string;
  /** What is there; undefined where that says no version. */
  readonly version: string | undefined;

  constructor(
    message: string,
    { range, version }: { readonly range: string; readonly version: string | undefined },
    options?: ErrorOptions,
  ) {
    super("INCOMPATIBLE", message, options);
    this.range = range;
    this.version = version;
  }
}

/** A handler of a hook said no. */
export class VetoError extends PluginError {
  /** The plugin whose handler it was, or `host`; empty until the host has said so. */
  readonly pluginId: string;
  /** Why, in the handler's words. */
  readonly reason: string;

  constructor(message: string, { pluginId, reason }: { readonly pluginId: string; readonly reason: string }, options?: ErrorOptions) {
    super("VETOED", message, options);
    this.pluginId = pluginId;
    this.reason = reason;
  }
}

// On the prototypes, where Error has it, so that inspecting an instance shows no extra property.
for (const [type, name] of [
  [PluginError, "PluginError"],
  [StartError, "StartError"],
  [ValidationError, "ValidationError"],
  [RemoteError, "RemoteError"],
  [NotReadyError, "NotReadyError"],
  [ConflictError, "ConflictError"],
  [ManifestError, "ManifestError"],
  [IncompatibleError, "IncompatibleError"],
  [VetoError, "VetoError"],
] as const) {
  Object.defineProperty(type.prototype, "name", { value: name, configurable: true, writable: true });
}

/**
 * Says whether a value is a PluginError, and one with that code if a code is given.
 *
 * Works across copies of the package and realms, unlike `instanceof`.
 * @example if (isPluginError(error, "CALL_TIMEOUT")) retry();
 */
export function isPluginError<K extends PluginErrorCode = PluginErrorCode>(value: unknown, code?: K): value is ErrorOf<K> {
  try {
    if (typeof value !== "object" || value === null || !(BRAND in value)) return false;
    return code === undefined || (value as unknown as PluginError).code === code;
  } catch {
    return false; // A proxy that may not be looked at is no error of ours.
  }
}
