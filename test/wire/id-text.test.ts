import fc from "fast-check";
import { expect, test } from "vitest";
import { idText } from "../../src/wire/id-text.js";

test("idText() gives the decimal text of every id, whatever came before it", () => {
  const ids = fc.array(fc.oneof(fc.nat(2_000), fc.maxSafeNat()), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(ids, (all) => {
      expect(all.map((id) => idText(id))).toEqual(all.map(String));
    }),
  );
  expect([0, 7, 999, 1_000, 1_001, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER].map((id) => idText(id))).toEqual(
    [0, 7, 999, 1_000, 1_001, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER].map(String),
  );
});
