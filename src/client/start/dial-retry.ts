import { lstat } from "node:fs/promises";
import { PluginError } from "../../errors.js";
import { reasonIn, StartFault } from "../../executable/start-fault.js";
import type { Announcement } from "../../handshake/announcement.js";
import { dial } from "../../transport/dial.js";
import type { DialTls } from "../../transport/tls.js";
import { type Address, formatAddress, isPipe } from "../../util/address.js";
import { systemClock } from "../../util/clock.js";
import { setTimeout } from "../../util/timers.js";
import type { Channel } from "../../wire/channel.js";
import type { ResolvedLimits } from "../../wire/limits.js";

const FIRST_DELAY_MS = 5;
const MAX_DELAY_MS = 200;

// A plugin of this host is on this machine, whatever it announced was checked.
const ON_LOOPBACK = { mask: "zeros" } as const;

export interface DialRetryOptions {
  readonly limits: ResolvedLimits;
  /** Ends the attempts, and closes what they had opened. */
  readonly signal: AbortSignal;
  /** @default no TLS */
  readonly tls?: DialTls | undefined;
}

/** Nobody listened in time where a plugin announced itself. */
export class NotListening extends StartFault {}

/**
 * Connects to where a plugin said that it listens; it may listen a little after it says so.
 * @throws {Error} With the end of a sentence.
 */
export async function dialWithRetry(
  address: Address,
  protocol: Announcement["protocol"],
  { limits, signal, tls }: DialRetryOptions,
): Promise<Channel> {
  const where = formatAddress(address);
  const giveUpAt = systemClock.now() + limits.helloTimeoutMs;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      if (address.network === "unix") await refuseLink(address.path);
      const channel = await dial(address, protocol, { limits, signal, tls, webSocket: ON_LOOPBACK });
      if (!signal.aborted) return channel;
      channel.close();
    } catch (cause) {
      if (cause instanceof PluginError) throw cause;
      const { code = (cause as Error).message } = cause as NodeJS.ErrnoException;
      const late = code === "ECONNREFUSED" || code === "ENOENT";
      if (!late)
        throw new StartFault(reasonIn(cause, "unreachable"), `it announced ${where} and could not be reached there (${code})`, { cause });
      if (systemClock.now() + delayMs > giveUpAt) {
        throw new NotListening("unreachable", `it announced ${where} and did not listen there in ${limits.helloTimeoutMs} ms (${code})`, {
          cause,
        });
      }
    }
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    signal.throwIfAborted();
  }
}

// A link would lead out of the directory in which alone the plugin may listen. A pipe is none, and to look at one is to connect to it.
async function refuseLink(path: string): Promise<void> {
  if (isPipe(path)) return;
  if (!(await lstat(path)).isSymbolicLink()) return;
  throw new PluginError("BAD_HANDSHAKE", `it announced the address "${path}", and no connection was attempted: it is a link`);
}
