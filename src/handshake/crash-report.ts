import { createHmac, timingSafeEqual } from "node:crypto";

/** The uncaught exception that ends a plugin, as it tells its host. */
export interface CrashReport {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
}

/** What the line begins with: RFC 7464 has it before a JSON text among others, and programs do not print it. */
export const RECORD_SEPARATOR: number = 0x1e;
/** A write of that length to a pipe is never torn apart by that of another process. */
export const MAX_CRASH_REPORT_BYTES: number = 4 * 1024;
const MAX_NAME = 128;
const LINE = /^\u001e([0-9a-f]{64}) (\{[^\u0000-\u001f]*\})\n$/;

/** The line on stderr: `<0x1E><proof> <JSON>`. Proven, since a plugin's stderr holds text of all sorts of origin. */
export function formatCrashReport({ name, message, code }: CrashReport, secret: string): string {
  for (let characters = message.length; ; characters = Math.floor(characters / 2)) {
    const cut = characters < message.length ? `${message.slice(0, characters)}…` : message;
    const json = JSON.stringify({ name: name.slice(0, MAX_NAME), message: cut, code: code?.slice(0, MAX_NAME) });
    const line = `\u001e${proofOf(json, secret)} ${json}\n`;
    if (characters === 0 || Buffer.byteLength(line) <= MAX_CRASH_REPORT_BYTES) return line;
  }
}

/** Undefined for what is no such line, or not this plugin's own. */
export function parseCrashReport(line: string, secret: string): CrashReport | undefined {
  const [, proof = "", json = ""] = LINE.exec(line) ?? [];
  if (proof === "" || !timingSafeEqual(Buffer.from(proof), Buffer.from(proofOf(json, secret)))) return undefined;
  try {
    const { name, message, code } = JSON.parse(json) as Readonly<Record<string, unknown>>;
    if (typeof name !== "string" || typeof message !== "string") return undefined;
    return { name: name.slice(0, MAX_NAME), message, code: typeof code === "string" ? code.slice(0, MAX_NAME) : undefined };
  } catch {
    return undefined;
  }
}

function proofOf(json: string, secret: string): string {
  return createHmac("sha256", Buffer.from(secret, "hex")).update(`last words:${json}`).digest("hex");
}
