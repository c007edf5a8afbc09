import type { Implementation, Limits } from "../../src/index.js";
import { PeerConnection } from "../../src/peer/connection.js";
import { announceProvided } from "../../src/peer/provided.js";
import { memoryChannels } from "../../src/transport/memory.js";
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
}

/** A host and a plugin over a memory channel, each as it is after the handshake, with a clock that the test moves. */
export function peerPair(options: PairOptions = {}) {
  const { provides = [], hostProvides = [], hostLimits, pluginLimits, hostValidates = true, pluginValidates = true } = options;
  const clock = new FakeClock();
  const logger = memoryLogger();
  const [hostEnd, pluginEnd] = memoryChannels();
  const shared = { clock, logger, callTimeoutMs: 60_000 };
  const host = new PeerConnection(hostEnd, { ...shared, validate: hostValidates, limits: limitsOf(hostLimits), other: 'plugin "kv"' });
  const plugin = new PeerConnection(pluginEnd, {
    ...shared,
    validate: pluginValidates,
    limits: limitsOf(pluginLimits),
    other: "the host",
  });
  for (const [end, own, others] of [
    [host, hostProvides, provides],
    [plugin, provides, hostProvides],
  ] as const) {
    end.learn({ provided: announceProvided(recordsOf(others)) });
    end.provide(recordsOf(own));
    end.peer.trust();
    end.peer.activate();
  }
  return { host, plugin, clock, logger };
}
