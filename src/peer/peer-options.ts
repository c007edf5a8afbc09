import type { PluginIdentity } from "../contract/context.js";
import type { Clock } from "../util/clock.js";
import type { Logger } from "../util/logger.js";
import type { ResolvedLimits } from "../wire/limits.js";
import type { ValueRules } from "../wire/references/extract.js";
import type { CloseReason } from "./errors/close-reason.js";
import type { ProgramHold } from "./program-hold.js";
import type { Tracing } from "./tracing.js";

/** What a peer is told by the room that made its channel. */
export interface PeerOptions {
  readonly limits: ResolvedLimits;
  readonly clock: Clock;
  /** Taken while a call of this side waits: in memory there is no socket that keeps the program alive. */
  readonly hold?: ProgramHold | undefined;
  readonly logger: Logger;
  /** Check values against schemas on this side. */
  readonly validate: boolean;
  /** What becomes of what JSON would change without a word. @default "strict" */
  readonly values?: ValueRules | undefined;
  /** For calls without their own. */
  readonly callTimeoutMs: number;
  /** The plugin at one of its ends, for who watches calls. @default `other` */
  readonly plugin?: string;
  /** Who the other side is, where that is a plugin: told to the handlers that it calls. */
  readonly identity?: PluginIdentity | undefined;
  /** Asked of each call that the other side makes: why it may not call that contract, as the end of a sentence. @default it may */
  readonly authorize?: ((contract: string) => string | undefined) | undefined;
  /** Carries the trace that a call belongs to, where this program traces. */
  readonly tracing?: Tracing | undefined;
  /** The other side, for sentences, as in `plugin "./kv.js"`. */
  readonly other: string;
  /** Asked when the connection is lost: what is known of it in a moment. The calls that it takes along wait for that. */
  explain?(reason: CloseReason): Promise<CloseReason>;
}
