import fc from "fast-check";
import { expect, test } from "vitest";
import { Names } from "../../src/wire/names.js";

test("Names gives each part of a text as it is, whatever came before it", () => {
  const names = new Names();
  const name = fc.oneof(
    fc.constantFrom("A", "Ł", "greeter.greet", "greeter.greez", "rpc.item"),
    fc.string({ unit: "grapheme", minLength: 1 }),
  );
  fc.assert(
    fc.property(
      fc.array(
        name.filter((each) => !/["\\\p{Cc}\p{Cs}]/u.test(each)),
        { maxLength: 20 },
      ),
      (all) => {
        for (const each of all) expect(names.at(`"${each}"`, 1, each.length + 1)).toBe(each);
      },
    ),
    { numRuns: 1_000 },
  );
});
