import assert from "node:assert/strict";
import { NewClient } from "mortise";
import { encode, parse } from "./pixmap.js";
import { thumbnailer } from "./thumbnailer.js";

/** A picture that is black on the left and white on the right. */
const pixels = new Uint8Array(64 * 32).map((_, index) => (index % 64 < 32 ? 0 : 255));
const image = encode({ width: 64, height: 32, channels: 1, pixels });

const client = NewClient({ command: "./plugin.js", cwd: import.meta.dirname });
try {
  const { shrink } = await client.dispense(thumbnailer);

  const progress: number[] = [];
  const thumbnail = await shrink({ image, maxSize: 8, onProgress: (done) => void progress.push(done) });
  console.log(`${thumbnail.width} x ${thumbnail.height}:`, ...parse(thumbnail.image).pixels.subarray(0, 8));
  assert.deepEqual([...parse(thumbnail.image).pixels], Array(4).fill([0, 0, 0, 0, 255, 255, 255, 255]).flat());
  console.log(...progress.map((done) => `${100 * done}%`));
  assert.deepEqual(progress, [0.25, 0.5, 0.75, 1]);

  const enough = new AbortController();
  const rows: number[] = [];
  const onProgress = (done: number): void => {
    rows.push(done);
    if (done >= 0.5) enough.abort(new Error("Half is enough"));
  };
  await assert.rejects(shrink({ image, maxSize: 8, onProgress }, { signal: enough.signal }), enough.signal.reason);
  console.log(enough.signal.reason.message);
  assert.deepEqual(rows, [0.25, 0.5]);

  const text = Buffer.from("This is no image");
  await assert.rejects(shrink({ image: text, maxSize: 8, onProgress }), { code: "REMOTE_ERROR", message: /it is no binary PGM or PPM/ });
  console.log("Refused a text");
} finally {
  const reason = await client.kill();
  assert.equal(reason.kind === "killed" && !reason.forced, true);
}
