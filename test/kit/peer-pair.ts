import type { Implementation, Limits } from "../../src/index.js";
import { connectPair } from "../../src/peer/pair.js";
import { systemClock } from "../../src/util/clock.js";
import { FakeClock } from "./fake-clock.js";
import { memoryLogger } from "./fixtures.js";
import { limitsOf, recordsOf } from "./options.js";

export interface PairOptions {
  readonly provides?: readonly Implementation[];
  readonly hostProvides?: readonly Implementation[];
  readonly hostLimits?: Limits;
  readonly pluginLimits?: Limits;
  readonly hostValidates?: boolean;
  readonly pluginValidates?: boolean;
  /** Of both sides. */
  readonly values?: "strict" | "json";
}

/** A host and a plugin over a memory channel, each as it is after the handshake, with a clock that the test moves. */
export function peerPair(options: PairOptions = {}) {
  const { provides = [], hostProvides = [], hostLimits, pluginLimits, hostValidates = true, pluginValidates = true, values } = options;
  const clock = new FakeClock();
  const logger = memoryLogger();
  const shared = { clock, logger, callTimeoutMs: 60_000, values };
  const [host, plugin] = connectPair(
    {
      ...shared,
      provides: recordsOf(hostProvides),
      validate: hostValidates,
      limits: limitsOf(hostLimits),
      other: 'plugin "kv"',
    },
    {
      ...shared,
      provides: recordsOf(provides),
      validate: pluginValidates,
      limits: limitsOf(pluginLimits),
      other: "the host",
    },
    systemClock,
  );
  return { host, plugin, clock, logger };
}
