import { isOptions } from "../util/plain-options.js";
import { showValue } from "../util/show-value.js";

/** What one peer may cost. Beyond a limit there is a named error, and only that peer suffers. */
export interface Limits {
  /** Length of one message. @default 33_554_432 (32 MiB) @throws {RangeError} If it is no whole number from 1,024 to 536,870,880. */
  readonly maxMessageBytes?: number | undefined;
  /** Nesting of one message, its envelope included. @default 64 @throws {RangeError} If it is no whole number from 8 to 1,000. */
  readonly maxDepth?: number | undefined;
  /**
   * Calls that wait for an answer; beyond it a call rejects `BUSY` and nothing is sent.
   * @default 16_384
   * @throws {RangeError} If it is no whole number from 1 to 1,048,576.
   */
  readonly maxPendingCalls?: number | undefined;
  /**
   * Calls that run here for the other side; beyond it they are answered `BUSY`.
   * @default 16_384
   * @throws {RangeError} If it is no whole number from 1 to 1,048,576.
   */
  readonly maxRunningCalls?: number | undefined;
  /**
   * Output that the system has not taken; beyond it a call rejects `BUSY`.
   * @default 67_108_864 (64 MiB)
   * @throws {RangeError} If it is no whole number from 1,024.
   */
  readonly maxUnsentBytes?: number | undefined;
  /**
   * Streams that are read here at once, and as many again that are written; beyond it a call that brings one gets `BUSY`.
   * @default 10_000
   * @throws {RangeError} If it is no whole number from 1 to 1,048,576.
   */
  readonly maxOpenStreams?: number | undefined;
  /**
   * Functions lent to the other side at once, and as many again borrowed from it; beyond it a call gets `BUSY`.
   * @default 10_000
   * @throws {RangeError} If it is no whole number from 1 to 1,048,576.
   */
  readonly maxLentFunctions?: number | undefined;
  /**
   * Items of a stream that may wait here to be read, or be on their way. Its first 256 may come in any case.
   * @default 1_024
   * @throws {RangeError} If it is no whole number from 1 to 1,048,576.
   */
  readonly streamCreditCount?: number | undefined;
  /**
   * The same in bytes, and one message more. The first 1,048,576 may come in any case.
   * @default 1_048_576 (1 MiB)
   * @throws {RangeError} If it is no whole number from 1,024 to 1,099,511,627,776.
   */
  readonly streamCreditBytes?: number | undefined;
  /**
   * What of all streams waits here to be read; beyond it the stream that holds most fails, `LIMIT_EXCEEDED`.
   * @default 536_870_912 (512 MiB)
   * @throws {RangeError} If it is no whole number from 1,024.
   */
  readonly maxUnreadBytes?: number | undefined;
  /**
   * How long a peer may take none of our output before its connection is closed.
   * @default 10_000
   * @throws {RangeError} If it is no whole number from 1 to 2,147,483,647.
   */
  readonly stallTimeoutMs?: number | undefined;
  /** From connecting to proven. @default 5_000 @throws {RangeError} If it is no whole number from 1 to 2,147,483,647. */
  readonly helloTimeoutMs?: number | undefined;
}
/** What the reader of a stream has room for at first. The protocol's own: both sides count on it without a word. */
export const FIRST_CREDIT: { readonly items: number; readonly bytes: number } = { items: 256, bytes: 1024 * 1024 };

export type ResolvedLimits = { readonly [K in keyof Limits]-?: number };

const DEFAULTS: ResolvedLimits = {
  maxMessageBytes: 32 * 1024 * 1024,
  maxDepth: 64,
  maxPendingCalls: 16_384,
  maxRunningCalls: 16_384,
  maxUnsentBytes: 64 * 1024 * 1024,
  maxOpenStreams: 10_000,
  maxLentFunctions: 10_000,
  streamCreditCount: 1_024,
  streamCreditBytes: FIRST_CREDIT.bytes,
  maxUnreadBytes: 512 * 1024 * 1024,
  stallTimeoutMs: 10_000,
  helloTimeoutMs: 5_000,
};
const RANGES: { readonly [K in keyof ResolvedLimits]: readonly [least: number, most: number] } = {
  // V8's longest string is 2^29 - 24 characters.
  maxMessageBytes: [1_024, 512 * 1024 * 1024 - 32],
  maxDepth: [8, 1_000],
  maxPendingCalls: [1, 2 ** 20],
  maxRunningCalls: [1, 2 ** 20],
  maxUnsentBytes: [1_024, Number.MAX_SAFE_INTEGER],
  maxOpenStreams: [1, 2 ** 20],
  maxLentFunctions: [1, 2 ** 20],
  streamCreditCount: [1, 2 ** 20],
  streamCreditBytes: [1_024, 2 ** 40],
  maxUnreadBytes: [1_024, Number.MAX_SAFE_INTEGER],
  stallTimeoutMs: [1, 2 ** 31 - 1],
  helloTimeoutMs: [1, 2 ** 31 - 1],
};

/** @throws {TypeError | RangeError} A limit that is unknown, no whole number, or out of its range. */
export function resolveLimits(limits: Limits = {}): ResolvedLimits {
  if (!isOptions(limits)) throw new TypeError(`Cannot use limits: they are ${showValue(limits)}, and must be an object of numbers`);
  const resolved: Record<string, number> = { ...DEFAULTS };
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(RANGES, name)) {
      throw new TypeError(`Cannot use limit "${name}": the limits are ${Object.keys(RANGES).join(", ")}`);
    }
    if (value === undefined) continue;
    const [least, most] = RANGES[name as keyof Limits];
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`Cannot use ${name} ${showValue(value)}: it must be a whole number from ${least} to ${most}`);
    }
    resolved[name] = value;
  }
  return resolved as ResolvedLimits;
}
