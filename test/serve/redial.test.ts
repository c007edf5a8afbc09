import { expect, test } from "vitest";
import { RedialPolicy, retryAfterMs } from "../../src/serve/connect/redial.js";

const BACKOFF = { initialMs: 250, factor: 2, maxMs: 30_000, jitter: 0.2, maxAttempts: Number.POSITIVE_INFINITY, resetAfterMs: 30_000 };
/** In the middle of what is random. */
const policy = (backoff: Partial<typeof BACKOFF> | false = {}) => new RedialPolicy(backoff && { ...BACKOFF, ...backoff }, () => 0.5);

test("[S40] it dials again after 1001, 1006, 1011, 1012, 1013 and a connection that broke, and after no other close code", () => {
  const codes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4000];
  expect(codes.filter((code) => policy().next({ kind: "closed", code }, 0) !== undefined)).toEqual([1001, 1006, 1011, 1012, 1013]);
  expect(policy().next({ kind: "closed", code: undefined }, 0)).toBe(250);
  expect(policy().next({ kind: "unreachable" }, 0)).toBe(250);
  expect(policy().next({ kind: "final" }, 0)).toBeUndefined();
});

test("[S40] it dials again after HTTP 408, 429 and 5xx, and after no other status", () => {
  const statuses = [200, 301, 302, 400, 401, 403, 404, 408, 409, 426, 429, 500, 502, 503, 504, 599];
  expect(statuses.filter((status) => policy().next({ kind: "http", status }, 0) !== undefined)).toEqual([
    408, 429, 500, 502, 503, 504, 599,
  ]);
});

test("[S40] delays double up to the longest, each a fifth longer or shorter", () => {
  const steady = policy();
  const delays = Array.from({ length: 9 }, () => steady.next({ kind: "unreachable" }, 0));
  expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(new RedialPolicy(BACKOFF, () => 0).next({ kind: "unreachable" }, 0)).toBe(200);
  expect(new RedialPolicy(BACKOFF, () => 1).next({ kind: "unreachable" }, 0)).toBe(300);
});

test("[S40] what the host asks for is waited for, at most an hour, and costs no doubling", () => {
  const asked = policy();
  // In the middle of up to a fifth more: many that were told the same come apart again.
  expect(asked.next({ kind: "http", status: 503, retryAfterMs: 1_000 }, 0)).toBe(1_100);
  expect(asked.next({ kind: "closed", code: 1013, retryAfterMs: 5_000 }, 0)).toBe(5_500);
  expect(asked.next({ kind: "http", status: 429, retryAfterMs: 1e12 }, 0)).toBeCloseTo(3_960_000);
  expect(asked.next({ kind: "unreachable" }, 0)).toBe(250);
});

test("[S40] having been connected for so long, it counts anew; with maxAttempts it gives up, and with false it does not begin", () => {
  const counted = policy({ maxAttempts: 2 });
  const end = { kind: "closed", code: 1006 } as const;
  expect([counted.next(end, 0), counted.next(end, 29_999), counted.next(end, 10)]).toEqual([250, 500, undefined]);
  expect(counted.next(end, 30_000)).toBe(250);
  expect(policy(false).next(end, 0)).toBeUndefined();
});

test("[S40] Retry-After is seconds or a date", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  expect(retryAfterMs("120", now)).toBe(120_000);
  expect(retryAfterMs("Thu, 01 Jan 2026 00:00:30 GMT", now)).toBe(30_000);
  expect(retryAfterMs("Wed, 31 Dec 2025 00:00:00 GMT", now)).toBe(0);
  expect(retryAfterMs("soon", now)).toBeUndefined();
  expect(retryAfterMs(undefined, now)).toBeUndefined();
});
