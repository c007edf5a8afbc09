import type { PluginIdentity } from "../../contract/context.js";
import type { PeerOptions } from "../../peer/peer-options.js";
import type { Tracing } from "../../peer/tracing.js";
import type { Clock } from "../../util/clock.js";
import type { Logger } from "../../util/logger.js";
import type { ResolvedLimits } from "../../wire/limits.js";

/** What all connections of a door have in common. */
export interface SharedOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly callTimeoutMs: number;
  readonly tracing: Tracing | undefined;
}

/** Options of a peer whose other side says later who it is: its peer looks at them where it needs them. */
export class CallerSide implements PeerOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly callTimeoutMs: number;
  readonly tracing: Tracing | undefined;
  readonly validate = true;
  other = "a program that dialled in";
  plugin = "";
  identity: PluginIdentity | undefined;
  authorize: ((contract: string) => string | undefined) | undefined;

  constructor({ limits, clock, logger, callTimeoutMs, tracing }: SharedOptions) {
    this.limits = limits;
    this.clock = clock;
    this.logger = logger;
    this.callTimeoutMs = callTimeoutMs;
    this.tracing = tracing;
  }

  /** It has shown which plugin it is. */
  identify(identity: PluginIdentity, authorize: (contract: string) => string | undefined): void {
    this.other = `plugin "${identity.id}"`;
    this.plugin = identity.id;
    this.identity = identity;
    this.authorize = authorize;
  }
}
