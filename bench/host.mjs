// The host process of one contestant: does what the runner says, one thing at a time, and reports figures.
import * as hosted from "./lib/hosted.mjs";
import * as measure from "./lib/measure.mjs";
import * as payloads from "./lib/payloads.mjs";

const contestant = await import(`./contestants/${process.argv[2]}.mjs`);
let open;

const commands = {
  start: () => measure.startOnce(contestant),
  firstcalls: () => measure.firstCalls(contestant),
  open: async () => {
    open = await contestant.start();
    return {};
  },
  roundtrip: () => measure.roundTrip(open),
  pipelined: () => measure.pipelined(open),
  notifications: () => measure.notifications(open),
  memory: () => measure.memory(open),
  stream: () => measure.stream(open),
  events: () => hosted.events(open),
  pool: () => hosted.pool(open),
  text: () => payloads.text(open),
  bytes: () => payloads.bytes(open),
  close: async () => {
    await open?.stop();
    return {};
  },
};

process.on("message", async (command) => {
  try {
    const figures = await commands[command]();
    process.send({ figures }, () => command === "close" && process.exit());
  } catch (error) {
    process.send({ error: error.stack });
  }
});
// The runner is gone: nothing of this may outlive it.
process.on("disconnect", async () => {
  await open?.stop();
  process.exit(1);
});
process.send({ figures: {} });
