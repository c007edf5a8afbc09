import { expect, test } from "vitest";
import { whyTooLong } from "../../../src/peer/errors/too-long.js";
import { Attachments } from "../../../src/wire/attachments.js";

function attachments({ texts = 0, bytes = 0 }): Attachments {
  const made = new Attachments(1);
  if (texts > 0) made.addText("x".repeat(texts));
  made.add(new Uint8Array(bytes));
  return made;
}

test("[F54] a message is too long by its JSON, by its texts, or by eight times as many bytes, and the sentence names that limit", () => {
  const why = (message: string, beside: Attachments | undefined, envelope = 0): unknown =>
    whyTooLong("its result", message, beside, 10, envelope);
  expect([why("x".repeat(10), undefined), why("x", attachments({ texts: 11 })), why("x", attachments({ bytes: 80 }))]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const longer = "its result is longer than 10 bytes";
  expect([why("x".repeat(11), undefined), why("x".repeat(10), undefined, 1), why("x", attachments({ texts: 12 }))]).toEqual([
    longer,
    longer,
    longer,
  ]);
  expect(why("x", attachments({ bytes: 81 }))).toBe("the bytes in its result are more than 80 (8 times maxMessageBytes)");
});
