import { patterned, prose } from "./texts.mjs";
import { warmUp } from "./warm-up.mjs";

const WARM_ECHOES = 32;
const TEXT_MS = 150;
const BYTES_MS = 500;

/** A text sent and returned, one call after the other; in MB of text per second, counted once. */
export async function text({ echoText }) {
  const figures = {};
  for (const [figure, length] of Object.entries({ text1k: 2 ** 10, text64k: 2 ** 16, text1m: 2 ** 20, text16m: 2 ** 24 })) {
    figures[figure] = await echoed(echoText, prose(length), (sent, back) => back === sent, TEXT_MS);
  }
  return figures;
}

/** The same with bytes. */
export async function bytes({ echoBytes }) {
  const figures = {};
  for (const [figure, length] of Object.entries({ bytes1m: 2 ** 20, bytes16m: 2 ** 24 })) {
    figures[figure] = await echoed(echoBytes, patterned(length), isEqual, BYTES_MS);
  }
  return figures;
}

// What comes back is compared in full while it warms up, and by its length while it is timed.
async function echoed(echo, sent, same, ms) {
  const once = async () => {
    if (!same(sent, await echo(sent))) throw new Error(`${sent.length} characters or bytes came back as others`);
  };
  await warmUp(once, { leastMs: 50, mostMs: 400, count: WARM_ECHOES });
  let count = 0;
  const begun = performance.now();
  do {
    if ((await echo(sent)).length !== sent.length) throw new Error("An echo came back with another length");
    count++;
  } while (performance.now() - begun < ms);
  return (count * sent.length) / 1_000 / (performance.now() - begun);
}

function isEqual(sent, back) {
  return back instanceof Uint8Array && Buffer.compare(sent, back) === 0;
}
