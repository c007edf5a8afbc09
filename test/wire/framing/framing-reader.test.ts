import { expect, test, vi } from "vitest";
import { linesFrame, mixedFrame } from "../../../src/wire/framing/frames.js";
import { FramingReader } from "../../../src/wire/framing/framing-reader.js";
import { Outbox } from "../../../src/wire/framing/outbox.js";
import { FakeClock } from "../../kit/fake-clock.js";

const KIB = 1024;

/** A reader, how it is turned to frames, and what it hands over. */
function reading(maxBytes = KIB, onLine: (line: string) => void = () => {}) {
  const longs: string[] = [];
  const heard: string[] = [];
  const reader = new FramingReader(maxBytes, () => void longs.push("long"));
  const written: string[] = [];
  const pipe = {
    isOpen: () => true,
    write: (data: string | readonly Buffer[]) => {
      written.push(typeof data === "string" ? data : Buffer.concat(data).toString("latin1"));
      return true;
    },
    drained() {},
    stalled() {},
    broke() {},
  };
  const outbox = new Outbox(pipe, new FakeClock(), 1_000);
  const frames = reader.frameSwitch(outbox);
  reader.receiver = {
    lines(text) {
      for (const line of text.split("\n")) {
        heard.push(line);
        onLine(line);
      }
    },
    frame: (message, bytes) => void heard.push(`${message} ${Buffer.from(bytes).toString("hex")}`),
    violated: (problem) => void heard.push(`violated: ${problem}`),
    closed() {},
  };
  return { reader, frames, outbox, heard, longs, written };
}

const SWITCHED = Buffer.concat([
  Buffer.from("one\ntwo\nswitch\n"),
  linesFrame("three\n"),
  ...mixedFrame("four", [Uint8Array.of(1, 2)]),
  linesFrame("five"),
]);
const HEARD = ["one", "two", "switch", "three", "four 0102", "five"];

test.each([1, 2, 3, 5, 8, SWITCHED.length])(
  "[F55] frames are read from right after the line that turns to them, in chunks of %i bytes",
  (length) => {
    const scene = reading(KIB, (line) => line === "switch" && scene.frames.receive());
    scene.frames.expect();
    for (let start = 0; start < SWITCHED.length; start += length) scene.reader.push(SWITCHED.subarray(start, start + length));
    expect([scene.heard, scene.reader.partial]).toEqual([HEARD, false]);
  },
);

test("lines that stay lines are handed over together once that is settled", () => {
  const texts: string[] = [];
  const { reader, frames } = reading();
  reader.receiver = { lines: (text) => void texts.push(text), closed() {} };
  frames.expect();
  reader.push(Buffer.from("a\nb\n"));
  frames.receiveLines();
  reader.push(Buffer.from("c\nd\n"));
  expect(texts).toEqual(["a", "b", "c\nd"]);
});

test("half a message is told, of lines and of frames, and how much a frame still lacks", () => {
  const { reader, frames, longs } = reading(8 * KIB * KIB);
  reader.push(Buffer.from("half"));
  expect([reader.partial, reader.missing]).toEqual([true, 0]);
  reader.push(Buffer.from("\n"));
  expect(reader.partial).toBe(false);
  frames.receive();
  const [frame] = mixedFrame("m", [new Uint8Array(100)]) as [Buffer];
  reader.push(frame.subarray(0, 50));
  expect([reader.partial, reader.missing, longs]).toEqual([true, frame.length - 50, []]);
  reader.push(frame.subarray(50));
  const [head] = mixedFrame("m", [new Uint8Array(300 * KIB)]) as [Buffer];
  reader.push(head);
  expect([reader.partial, reader.missing, longs]).toEqual([true, 300 * KIB, ["long"]]);
});

test("[F54] allow() is the longest message from then on, of frames as of lines", () => {
  const { reader, frames, heard } = reading(4);
  reader.allow(5);
  reader.push(Buffer.from("12345\n"));
  frames.receive();
  reader.push(linesFrame("12345\n"));
  reader.push(linesFrame("123456\n"));
  expect(heard).toEqual(["12345", "12345", "violated: it is longer than 5 bytes"]);
});

test("[F55] after stop() nothing more is handed over, of the same chunk or of later ones", () => {
  const chunks: readonly (readonly [boolean, Buffer])[] = [
    [false, Buffer.from("a\nb\n")],
    [true, Buffer.concat([linesFrame("a\n"), linesFrame("b\n")])],
  ];
  for (const [asFrames, chunk] of chunks) {
    const scene = reading(KIB, () => scene.reader.stop());
    if (asFrames) scene.frames.receive();
    else scene.frames.expect();
    scene.reader.push(chunk);
    scene.reader.push(chunk);
    expect(scene.heard).toEqual(["a"]);
  }
});

test("send() turns what leaves to frames, after what was sent before", async () => {
  const { outbox, frames, written } = reading();
  outbox.send("line");
  frames.send();
  outbox.send("framed");
  await new Promise((resolve) => process.nextTick(resolve));
  expect(written).toEqual(["line\n", linesFrame("framed\n").toString("latin1")]);
});

test("bytes that make a longer text than any may be are refused as the other side's, and nothing is thrown", () => {
  const { reader, heard } = reading();
  const spy = vi.spyOn(Buffer.prototype, "toString").mockImplementationOnce(() => {
    throw Object.assign(new Error("Cannot create a string longer than 0x1fffffe8 characters"), { code: "ERR_STRING_TOO_LONG" });
  });
  reader.push(Buffer.from("a\nb\n"));
  spy.mockRestore();
  expect(heard).toEqual(["violated: there is no room for it here (Cannot create a string longer than 0x1fffffe8 characters)"]);
});

test("a frame for which there is no memory is refused, and nothing is thrown", () => {
  const { reader, frames, heard } = reading(512 * KIB);
  frames.receive();
  const allocate = vi.spyOn(Buffer, "allocUnsafeSlow").mockImplementationOnce(() => {
    throw new RangeError("Array buffer allocation failed");
  });
  reader.push(linesFrame("x".repeat(300 * KIB)).subarray(0, 5));
  allocate.mockRestore();
  expect(heard).toEqual([`violated: it is a frame of ${300 * KIB + 1} bytes, for which there is no memory here`]);
});
