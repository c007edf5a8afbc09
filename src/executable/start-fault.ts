import type { StartReason } from "../errors.js";

/** What keeps a plugin from being started, told apart where it shows. Its message is the end of a sentence. */
export class StartFault extends Error {
  readonly reason: StartReason;

  constructor(reason: StartReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

const REASONS: Readonly<Record<string, StartReason>> = {
  ENOENT: "missing",
  ENOTDIR: "missing",
  EACCES: "permission",
  EPERM: "permission",
  EROFS: "permission",
  ENOEXEC: "format",
  E2BIG: "options",
  ENAMETOOLONG: "options",
  EAGAIN: "resources",
  ENOMEM: "resources",
  EMFILE: "resources",
  ENFILE: "resources",
  ENOSPC: "resources",
  EDQUOT: "resources",
  // Another program has the file open for writing, which passes.
  ETXTBSY: "resources",
};

/** The reason that an error gives: one of ours says it, a system's has its code for it. */
export function reasonIn(error: unknown, otherwise: StartReason): StartReason {
  if (error instanceof StartFault) return error.reason;
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === "string" && Object.hasOwn(REASONS, code) ? (REASONS[code] as StartReason) : otherwise;
}
