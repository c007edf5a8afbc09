import assert from "node:assert/strict";
import { implement, NewClient } from "mortise";
import { control, countdown } from "./countdown.js";

const ticks: number[] = [];
let mayGo = true;
const calledOff = new AbortController();

const client = NewClient({
  command: "./plugin.js",
  cwd: import.meta.dirname,
  provides: [
    implement(control, {
      tick: (left) => {
        ticks.push(left);
        if (left === 1_000) calledOff.abort(new Error("Called off"));
      },
      go: () => mayGo,
    }),
  ],
});
try {
  const { tempo, start } = await client.dispense(countdown);
  await tempo({ everyMs: 20 });

  const shout = await start(3);
  console.log(...ticks, shout);
  assert.deepEqual(ticks, [3, 2, 1]);
  assert.equal(shout, "Lift-off!");

  mayGo = false;
  await assert.rejects(start(1), { code: "REMOTE_ERROR", message: /Control holds at zero/ });
  console.log("Held at zero");

  const { signal } = calledOff;
  await assert.rejects(start(1_000, { signal }), (reason) => reason === signal.reason);
  console.log(signal.reason.message);
} finally {
  await client.kill();
}
