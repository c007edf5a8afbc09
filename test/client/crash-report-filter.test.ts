import fc from "fast-check";
import { expect, test } from "vitest";
import { CrashReportFilter } from "../../src/client/crash-report-filter.js";
import type { RemoteError } from "../../src/errors.js";
import { formatCrashReport } from "../../src/handshake/crash-report.js";

const SECRET = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const LINE = Buffer.from(formatCrashReport({ name: "TypeError", message: "bad", code: "E_BAD" }, SECRET));

/** What comes out of it for bytes that come in chunks of one size. */
function filtered(bytes: Buffer, size: number): { other: Buffer; words: RemoteError[] } {
  const other: Buffer[] = [];
  const words: RemoteError[] = [];
  const filter = new CrashReportFilter(SECRET, {
    other: (part) => void other.push(Buffer.from(part)),
    words: (error) => void words.push(error),
  });
  for (let at = 0; at < bytes.length; at += size) filter.push(bytes.subarray(at, at + size));
  filter.end();
  return { other: Buffer.concat(other), words };
}

test.for([1, 2, 66, 67, 68, 10_000])("[O17] last words are taken out of stderr, even in the middle of a line, in chunks of %i", (size) => {
  const { other, words } = filtered(Buffer.concat([Buffer.from("half a li"), LINE, Buffer.from("ne\n\u001e")]), size);
  expect(other.toString()).toBe("half a line\n\u001e");
  expect(words).toEqual([expect.objectContaining({ code: "REMOTE_ERROR", message: "bad", remoteName: "TypeError", remoteCode: "E_BAD" })]);
});

test("[O17, F144] all other bytes pass as they are, however close they come to last words", () => {
  const head = LINE.subarray(0, 67);
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 10 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(66).map((length) => LINE.subarray(0, length)),
    fc.constantFrom(
      head,
      Buffer.from("\u001e"),
      Buffer.from(`${head.toString("latin1", 0, 66)}{}\n`, "latin1"),
      Buffer.from("\n"),
      Buffer.alloc(5_000, "x"),
      LINE.subarray(0, -1),
      LINE.subarray(1),
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), fc.integer({ min: 1, max: 300 }), (pieces, size) => {
      const bytes = Buffer.concat(pieces);
      fc.pre(!bytes.includes(LINE));
      const { other, words } = filtered(bytes, size);
      expect(words).toEqual([]);
      expect(other.equals(bytes)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test("[O17] the shortest of last words are taken, right behind a forged beginning", () => {
  const shortest = Buffer.from(formatCrashReport({ name: "", message: "" }, SECRET));
  for (const before of ["\u001e", "\u001e\u001e", LINE.toString("latin1", 0, 70), LINE.toString("latin1", 0, -1)]) {
    for (const size of [1, 10_000]) {
      const { other, words } = filtered(Buffer.concat([Buffer.from(before, "latin1"), shortest]), size);
      expect([other.toString("latin1"), words.length]).toEqual([before, 1]);
    }
  }
});

test("[F21] a flood of beginnings of last words costs no more than a moment", () => {
  const flood = [
    Buffer.alloc(1024 * 1024, 0x1e),
    Buffer.from("\u001ea".repeat(500_000)),
    Buffer.concat(Array(10_000).fill(LINE.subarray(0, 70))),
    Buffer.from(`${LINE.toString("latin1", 0, 66)}{}\n`.repeat(10_000), "latin1"),
  ];
  for (const bytes of flood) expect(filtered(bytes, 65_536).other.equals(bytes)).toBe(true);
});
