import fc from "fast-check";
import { expect, test } from "vitest";
import { readCodec } from "../../src/connectors/codecs.js";
import { type Processor, readPreprocessors } from "../../src/connectors/processors/by-name.js";
import { Incoming } from "../../src/connectors/stream/incoming.js";
import { readOptions } from "../../src/util/options/source.js";
import { gate } from "../kit/gate.js";

gate();

/** What comes of frames, each text or binary: data, and the sentences of faults. */
function run(processor: Processor, frames: readonly (readonly [text: string, isBinary: boolean])[]): unknown[] {
  const options = { codec: "string", preprocessors: [processor] };
  const from = readOptions("Cannot try", options, new Set(Object.keys(options)));
  const made: unknown[] = [];
  const incoming = new Incoming(readPreprocessors(from), readCodec(from), undefined, {
    event: (_, data) => void made.push(data),
    fault: (_, { why }) => void made.push(why),
  });
  for (const [text, isBinary] of frames) incoming.push(Buffer.from(text), isBinary);
  incoming.end(true);
  return made;
}

test("[R9, R10, R37] lines come out the same of text frames, of binary ones and of both in turn, too long ones too", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "é", "\n", "\u{1f600}"), maxLength: 8 });
  const frames = fc.array(fc.tuple(line, fc.boolean()), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.boolean(), fc.constantFrom(6, 1_000), (mixed, buffered, max_length) => {
      const processor = { name: "separate", config: { buffered, max_length } };
      const as = (isBinary: boolean): unknown[] =>
        run(
          processor,
          mixed.map(([text]) => [text, isBinary] as const),
        );
      expect(as(false)).toEqual(as(true));
      expect(run(processor, mixed)).toEqual(as(true));
    }),
    { numRuns: 300 },
  );
});
