import type { Logger } from "../util/logger.js";

const MOST_MESSAGE = 8 * 1024;

/** Takes an `rpc.log` record of the other side into our log. The level is its own word; what is no level counts as info. */
export function logRemote(params: unknown, logger: Logger): void {
  const { level, message, fields } = (params ?? {}) as { level?: unknown; message?: unknown; fields?: unknown };
  if (typeof message !== "string") return;
  const text = message.length > MOST_MESSAGE ? `${message.slice(0, MOST_MESSAGE)}… (cut)` : message;
  const record = typeof fields === "object" && fields !== null && !Array.isArray(fields) ? fields : {};
  if (level === "error" || level === "warn") logger[level](text, record);
  else if (level === "debug" || level === "trace") logger.debug(text, record);
  else logger.info(text, record);
}
