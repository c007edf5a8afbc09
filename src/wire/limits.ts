import { integer } from "../util/options/numbers.js";
import { nested, type OptionsSource } from "../util/options/source.js";

/** What one peer may cost. Beyond a limit there is a named error, and only that peer suffers. */
export interface Limits {
  /** Length of one message. @default 33_554_432 (32 MiB) @throws {RangeError} If it is no whole number from 1,024 to 534,773,760 (510 MiB). */
  readonly maxMessageBytes?: number | undefined;
  /** Nesting of one message, its envelope included. @default 64 @throws {RangeError} If it is no whole number from 8 to 1,000. */
  readonly maxDepth?: number | undefined;
  /**
   * Values in one message: each member of an object, each element of a list, and what holds them. It is what bounds the time and the
   * memory that one message takes to be parsed: about 0.3 s and 100 MB, and a second where each value has a name of its own.
   * @default 1_000_000
   * @throws {RangeError} If it is no whole number from 16,384.
   */
  readonly maxValues?: number | undefined;
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
   * What the inputs of those calls had as they came, in bytes, until each has been answered; beyond it a call is answered `BUSY`, unless
   * it is the only one.
   * @default 536_870_912 (512 MiB)
   * @throws {RangeError} If it is no whole number from 1,024.
   */
  readonly maxRunningBytes?: number | undefined;
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

interface Range {
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}
const range = (fallback: number, least: number, most: number = Number.MAX_SAFE_INTEGER): Range => ({ fallback, least, most });

const MIB = 1024 * 1024;
const MAX_COUNT = 2 ** 20;
const MAX_MS = 2 ** 31 - 1;
const RANGES: { readonly [K in keyof ResolvedLimits]: Range } = {
  // V8's longest string is 2^29 - 24 characters, and what arrives behind a message in one read becomes one string with it.
  maxMessageBytes: range(32 * MIB, 1_024, 510 * MIB),
  maxDepth: range(64, 8, 1_000),
  maxValues: range(1_000_000, 16_384),
  maxPendingCalls: range(16_384, 1, MAX_COUNT),
  maxRunningCalls: range(16_384, 1, MAX_COUNT),
  maxRunningBytes: range(512 * MIB, 1_024),
  maxUnsentBytes: range(64 * MIB, 1_024),
  maxOpenStreams: range(10_000, 1, MAX_COUNT),
  maxLentFunctions: range(10_000, 1, MAX_COUNT),
  streamCreditCount: range(1_024, 1, MAX_COUNT),
  streamCreditBytes: range(FIRST_CREDIT.bytes, 1_024, 2 ** 40),
  maxUnreadBytes: range(512 * MIB, 1_024),
  stallTimeoutMs: range(10_000, 1, MAX_MS),
  helloTimeoutMs: range(5_000, 1, MAX_MS),
};
const NAMES: ReadonlySet<string> = /* @__PURE__ */ new Set(Object.keys(RANGES));

/**
 * The option `limits`.
 * @throws {TypeError | RangeError} A limit that is unknown, no whole number, or out of its range.
 */
export function resolveLimits(from: OptionsSource): ResolvedLimits {
  const at = nested(from, "limits", NAMES);
  const resolved = Object.entries(RANGES).map(([name, { fallback, least, most }]) => [name, integer(at, name, fallback, least, most)]);
  return Object.fromEntries(resolved) as ResolvedLimits;
}
