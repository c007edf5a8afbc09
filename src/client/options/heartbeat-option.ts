import { namesIn } from "../../util/options/names.js";
import { duration } from "../../util/options/numbers.js";
import { nested, type OptionsSource } from "../../util/options/source.js";

/** How often a plugin is pinged, in milliseconds, and how long it may take to answer. */
export interface ResolvedHeartbeat {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

const NAMES: ReadonlySet<string> = namesIn("intervalMs timeoutMs");

/** @param fallback Is there a heartbeat where nothing is said? @throws {TypeError | RangeError} */
export function readHeartbeat(from: OptionsSource, fallback: boolean): ResolvedHeartbeat | false {
  const { heartbeat = fallback ? {} : false } = from.values;
  if (heartbeat === false) return false;
  const at = nested(from, "heartbeat", NAMES, "false, or an object with intervalMs, timeoutMs");
  return { intervalMs: duration(at, "intervalMs", 10_000), timeoutMs: duration(at, "timeoutMs", 5_000) };
}
